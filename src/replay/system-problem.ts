import { errorInWords } from '../model/system-error.ts';

/** @returns what the operating system said, in words; throws on anything else, which is our bug. */
export function systemProblem(error: unknown): string {
  const fromSystem = typeof error === 'object' && error !== null && 'syscall' in error;
  if (!fromSystem) throw error;
  return errorInWords(error);
}
