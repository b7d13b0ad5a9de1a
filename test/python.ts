import { spawnSync } from 'node:child_process';

/** The interpreter itself: `python3` may be a script that looks for it, and takes longer than a whole test. `undefined`: none is here. */
export const PYTHON = interpreter();

function interpreter(): string | undefined {
  const run = spawnSync('python3', ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' });
  return run.status === 0 ? run.stdout.trim() : undefined;
}
