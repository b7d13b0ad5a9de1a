/** What the operating system said, in words. */
const WORDS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or folder',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of its path is no folder',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
};

/** @returns the words for a system error, its code where there are none; throws on anything else, which is our bug. */
export function systemProblem(error: unknown): string {
  const coded = typeof error === 'object' && error !== null && 'code' in error && 'syscall' in error;
  if (!coded || typeof error.code !== 'string') throw error;
  return WORDS[error.code] ?? error.code;
}
