import { backupPath } from './apply.ts';
import { linesOf } from './config-lines.ts';
import type { EditStep, Plan, Step } from './plan.ts';

/** A plan as lines for people. Of the user's own file only the lines that come or go are shown: it may hold keys. */
export function planText(plan: Plan): string {
  return plan.steps
    .flatMap(stepLines)
    .map((line) => `  ${line}\n`)
    .join('');
}

function stepLines(step: Step): readonly string[] {
  switch (step.kind) {
    case 'write':
      return [`${step.isNew ? 'create ' : 'replace'}  ${step.path}`];
    case 'edit':
      return editLines(step);
    case 'remove':
      return [`remove   ${step.path}`];
    case 'remove-directory':
      return [`remove   ${step.path} (if it is empty)`];
  }
}

function editLines({ path, before, after }: EditStep): readonly string[] {
  const changes = lineChanges(before ?? '', after) ?? ['(its lines are laid out anew; the meaning stays)'];
  const head = before === undefined ? `create   ${path}` : `change   ${path}`;
  const copy = before === undefined ? [] : [`         (a copy stays in ${backupPath(path)})`];
  return [head, ...copy, ...changes.map((line) => `         ${line}`)];
}

/** The lines that only come, or only go; `undefined` when others change with them. */
function lineChanges(before: string, after: string): readonly string[] | undefined {
  const [old, young] = [linesOf(before), linesOf(after)];
  const added = beyond(young, old);
  return (
    added?.map((line) => `+ ${line.trimEnd()}`) ?? beyond(old, young)?.map((line) => `- ${line.trimEnd()}`)
  );
}

/** The lines of `more` that are not in `fewer`; `undefined` unless `fewer` is in `more`, in order. */
function beyond(more: readonly string[], fewer: readonly string[]): readonly string[] | undefined {
  let matched = 0;
  const others = more.filter((line) => {
    const isMatch = line === fewer[matched];
    matched += isMatch ? 1 : 0;
    return !isMatch;
  });
  return matched === fewer.length ? others : undefined;
}
