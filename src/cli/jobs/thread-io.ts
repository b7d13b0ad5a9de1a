/** The world as a job sees it: the environment, and no streams or signals of its own. */
import { PassThrough } from 'node:stream';
import type { Io } from '../io.ts';

export function threadIo(env: Io['env']): Io {
  const nothing = () => new PassThrough().end();
  return {
    env,
    stdin: nothing(),
    stdout: nothing(),
    stderr: nothing(),
    pid: 0,
    cwd: () => '.',
    kill: () => {},
    on: () => {},
    off: () => {},
  };
}
