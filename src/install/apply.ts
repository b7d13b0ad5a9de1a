import * as fs from 'node:fs';
import { dirname } from 'node:path';
import { readIfThere } from './hermes-home.ts';
import { type EditStep, type Plan, type Refusal, refused, type Step } from './plan.ts';

/**
 * Carries a plan out, step by step; throws what the file system throws. Run again, it goes on where it stopped.
 * Refuses when a file to be changed is no longer what the plan was made for.
 */
export function applyPlan(plan: Plan): Refusal | undefined {
  const stale = plan.steps.find((step) => step.kind === 'edit' && readIfThere(step.path) !== step.before);
  if (stale !== undefined) {
    return refused(`${stale.path} was changed by somebody else just now: run the command again.`);
  }
  for (const step of plan.steps) {
    applyStep(step);
  }
  return undefined;
}

/** Where the copy of a file that is going to be changed will stand: the first free name. */
export function backupPath(path: string): string {
  for (let number = 1; ; number += 1) {
    const backup = `${path}.hermes-otel-${number}.bak`;
    if (!fs.existsSync(backup)) {
      return backup;
    }
  }
}

function applyStep(step: Step): void {
  switch (step.kind) {
    case 'write':
      fs.mkdirSync(dirname(step.path), { recursive: true });
      replaceFile(step.path, step.content, 0o644);
      return;
    case 'edit':
      editFile(step);
      return;
    case 'remove':
      fs.rmSync(step.path, { force: true });
      return;
    case 'remove-directory':
      removeIfEmpty(step.path);
      return;
  }
}

function editFile({ path, before, after }: EditStep): void {
  if (before === undefined) {
    replaceFile(path, after, 0o600);
    return;
  }
  fs.copyFileSync(path, backupPath(path), fs.constants.COPYFILE_EXCL);
  // Behind a link (a dotfiles repository), the file itself is replaced and the link stays.
  const file = fs.realpathSync(path);
  replaceFile(file, after, fs.statSync(file).mode & 0o777);
}

/** All of the new content or all of the old, whatever happens in between. */
function replaceFile(path: string, content: string, mode: number): void {
  const fresh = `${path}.hermes-otel-new`;
  try {
    fs.writeFileSync(fresh, content, { mode, flush: true });
    fs.chmodSync(fresh, mode);
    fs.renameSync(fresh, path);
  } catch (error) {
    fs.rmSync(fresh, { force: true });
    throw error;
  }
}

function removeIfEmpty(path: string): void {
  if (fs.existsSync(path) && fs.readdirSync(path).length === 0) {
    fs.rmdirSync(path);
  }
}
