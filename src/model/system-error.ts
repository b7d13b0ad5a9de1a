const WORDS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EDQUOT: 'the disk quota is used up',
  EISDIR: 'it is a directory',
  EMFILE: 'too many open files',
  ENOENT: 'no such file or directory',
  ENOSPC: 'the disk is full',
  ENOTDIR: 'a part of its path is no directory',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
};

/** The code of a system error (`ENOENT`); `undefined` for anything else. */
export function errorCode(error: unknown): string | undefined {
  const coded = typeof error === 'object' && error !== null && 'code' in error;
  return coded && typeof error.code === 'string' ? error.code : undefined;
}

/** The operating system's error in words, or its code where there are none. */
export function errorInWords(error: unknown): string {
  const code = errorCode(error);
  if (code === undefined) return 'an unknown error';
  return WORDS[code] ?? code;
}

/** @returns the reason of a system error in words. Rethrows anything else, which is our bug. */
export function systemProblem(error: unknown): string {
  const fromSystem = typeof error === 'object' && error !== null && 'syscall' in error;
  if (!fromSystem) throw error;
  return errorInWords(error);
}
