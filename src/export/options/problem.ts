/** A setting we cannot work with, as a value: one sentence that names the flag or the variable, never a secret value. */
export interface OptionProblem {
  readonly kind: 'problem';
  readonly sentence: string;
}

export function isProblem(value: object): value is OptionProblem {
  return 'kind' in value && value.kind === 'problem';
}

/** Carries a problem from deep inside the reading of settings to `collectProblem`. */
export class OptionError extends Error {}

/** Runs `read`; a setting it cannot work with becomes a value. */
export async function collectProblem<T>(read: () => Promise<T>): Promise<T | OptionProblem> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof OptionError) return { kind: 'problem', sentence: error.message };
    throw error;
  }
}
