/** The system's code of an error (`ENOENT`); `undefined` when it is not the system's. */
export function errorCode(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
