import { errorInWords } from '../model/system-error.ts';

/** @returns the reason of a system error in words. Rethrows anything else, which is our bug. */
export function systemProblem(error: unknown): string {
  const fromSystem = typeof error === 'object' && error !== null && 'syscall' in error;
  if (!fromSystem) throw error;
  return errorInWords(error);
}
