/** The counting receiver, started in a process of its own. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { pathOf } from './measure.js';

/** @returns `{url, count, stop}`; `count` says what came since it was asked last. */
export async function startReceiver() {
  const child = fork(pathOf('receiver.js'), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const [{ port }] = await once(child, 'message');
  return {
    url: `http://127.0.0.1:${port}`,
    async count() {
      child.send('count');
      const [counts] = await once(child, 'message');
      return counts;
    },
    stop: () => child.disconnect(),
  };
}
