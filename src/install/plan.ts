import type { EditResult } from './config-text.ts';
import { configPath, readIfThere } from './hermes-home.ts';

/** What `init` is going to do: made by reading alone, shown as it is, then carried out as it was shown. */
export interface Plan {
  readonly kind: 'plan';
  /** In this order; none: everything is as it should be. */
  readonly steps: readonly Step[];
  /** What the user should know besides: whole sentences. */
  readonly notes: readonly string[];
}

/** Why nothing can be done: whole sentences, for the user. */
export interface Refusal {
  readonly kind: 'refused';
  readonly reason: string;
}

export type Step = WriteStep | EditStep | RemoveStep;

export interface WriteStep {
  readonly kind: 'write';
  readonly path: string;
  readonly content: string;
  readonly isNew: boolean;
}

/** A change of a file that is the user's; a copy of it is kept. */
export interface EditStep {
  readonly kind: 'edit';
  readonly path: string;
  /** `undefined`: there is no such file yet. */
  readonly before: string | undefined;
  readonly after: string;
}

export interface RemoveStep {
  /** A directory is removed only if it is empty by then. */
  readonly kind: 'remove' | 'remove-directory';
  readonly path: string;
}

export function refused(reason: string): Refusal {
  return { kind: 'refused', reason };
}

/** The change of `config.yaml`: no step when it says so already, a refusal when it cannot be made. */
export function configStep(home: string, edit: EditResult): readonly EditStep[] | Refusal {
  const path = configPath(home);
  if (edit.kind === 'refused') {
    return refused(`${path} cannot be changed: ${edit.reason}.`);
  }
  const before = readIfThere(path);
  return edit.text === (before ?? '') ? [] : [{ kind: 'edit', path, before, after: edit.text }];
}

/** The step that is carried out, with what comes before and after it. */
export function planAround(
  middle: readonly EditStep[] | Refusal,
  around: {
    readonly first?: readonly Step[];
    readonly last?: readonly Step[];
    readonly notes?: readonly string[];
  },
): Plan | Refusal {
  if ('kind' in middle) {
    return middle;
  }
  const steps = [...(around.first ?? []), ...middle, ...(around.last ?? [])];
  return { kind: 'plan', steps, notes: around.notes ?? [] };
}
