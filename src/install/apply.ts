/** Shows a plan, and applies it. Files keep their mode and owner, also when root runs `init` in another user's home. */
import * as fs from 'node:fs';
import { dirname, resolve } from 'node:path';
import { linesOf } from './config-lines.ts';
import { Refusal } from './config-text.ts';
import { readIfThere } from './hermes-home.ts';
import type { EditStep, Plan, Step } from './plan.ts';

/**
 * Applies a plan step by step. Run again after an error, it continues where it stopped.
 * Throws the errors of the file system, and a `Refusal` when a file has changed since the plan was made.
 */
export function applyPlan(plan: Plan): void {
  const stale = plan.steps.find((step) => step.kind === 'edit' && readIfThere(step.path) !== step.before);
  if (stale !== undefined)
    throw new Refusal(`${stale.path} was changed by another program just now: run the command again.`);
  plan.steps.forEach(applyStep);
}

function applyStep(step: Step): void {
  switch (step.kind) {
    case 'write':
      makeDirectory(dirname(step.path));
      replaceFile(step.path, step.content, 0o644);
      return;
    case 'edit':
      editFile(step);
      return;
    case 'remove':
      fs.rmSync(step.path, { force: true });
      return;
    case 'remove-directory':
      if (fs.existsSync(step.path) && fs.readdirSync(step.path).length === 0) fs.rmdirSync(step.path);
      return;
  }
}

function editFile({ path, before, after }: EditStep): void {
  const file = linkTarget(path);
  if (before === undefined) {
    replaceFile(file, after, 0o600);
    return;
  }
  const backup = backupPath(path);
  replaceFile(backup, fs.readFileSync(path, 'utf8'), 0o600);
  replaceFile(file, after, fs.statSync(file).mode & 0o777);
}

/** The file behind a link (from a dotfiles repository, for example), also when it does not exist yet. The link stays. */
function linkTarget(path: string): string {
  if (fs.statSync(path, { throwIfNoEntry: false }) !== undefined) return fs.realpathSync(path);
  const isLink = fs.lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  return isLink ? linkTarget(resolve(dirname(path), fs.readlinkSync(path))) : path;
}

/** Leaves either the whole old content or the whole new content, whatever happens in between. */
function replaceFile(path: string, content: string, mode: number): void {
  const fresh = `${path}.hermes-otel-new`;
  try {
    fs.writeFileSync(fresh, content, { mode, flush: true });
    fs.chmodSync(fresh, mode);
    setOwner(fresh, fs.statSync(path, { throwIfNoEntry: false }) ?? fs.statSync(dirname(path)));
    fs.renameSync(fresh, path);
  } catch (error) {
    fs.rmSync(fresh, { force: true });
    throw error;
  }
}

/** With its parents, each for the owner of the directory above it. */
function makeDirectory(path: string): void {
  if (fs.existsSync(path)) return;
  makeDirectory(dirname(path));
  fs.mkdirSync(path);
  setOwner(path, fs.statSync(dirname(path)));
}

/** Only root may give a file away. Other users create files that are their own anyway. */
function setOwner(path: string, { uid, gid }: fs.Stats): void {
  if (fs.statSync(path).uid !== uid) fs.chownSync(path, uid, gid);
}

/** The copy of a file that is about to be changed, as it was before the latest change. It may hold keys. */
function backupPath(path: string): string {
  return `${path}.hermes-otel.bak`;
}

/** A plan as lines for people. The user's own file may contain keys, so only lines that are added or removed are shown. */
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
  const changes = lineChanges(before ?? '', after) ?? ['(its lines are formatted anew; the meaning stays)'];
  const head = before === undefined ? `create   ${path}` : `change   ${path}`;
  const copy = before === undefined ? [] : [`         (a copy stays in ${backupPath(path)})`];
  return [head, ...copy, ...changes.map((line) => `         ${line}`)];
}

/** The lines that are added, or those that are removed; `undefined` when both happens. */
function lineChanges(before: string, after: string): readonly string[] | undefined {
  const [old, young] = [linesOf(before), linesOf(after)];
  const added = linesBeyond(young, old);
  if (added !== undefined) return added.map((line) => `+ ${line.trimEnd()}`);
  return linesBeyond(old, young)?.map((line) => `- ${line.trimEnd()}`);
}

/** The lines of `more` that are not in `fewer`; `undefined` unless `more` contains all of `fewer`, in order. */
function linesBeyond(more: readonly string[], fewer: readonly string[]): readonly string[] | undefined {
  let matched = 0;
  const others = more.filter((line) => {
    const isMatch = line === fewer[matched];
    matched += isMatch ? 1 : 0;
    return !isMatch;
  });
  return matched === fewer.length ? others : undefined;
}
