import { setTimeout as sleep } from 'node:timers/promises';
import { timerMillis } from '../../model/time.ts';

/** Time and randomness for the delivery. Tests pass a clock that does not wait. */
export interface Clock {
  /** Milliseconds since the epoch. Only used to read `Retry-After` dates. */
  wallMillis(): number;
  /** Milliseconds since an arbitrary moment; never jumps. */
  monotonicMillis(): number;
  /** Resolves after `millis`, or as soon as `signal` aborts. */
  sleep(millis: number, signal: AbortSignal): Promise<void>;
  /** Calls `run` once after `millis`, unless the returned function was called before. */
  timer(millis: number, run: () => void): () => void;
  /** At least 0, below 1. */
  random(): number;
}

export const systemClock: Clock = {
  wallMillis: () => Date.now(),
  monotonicMillis: () => performance.now(),
  async sleep(millis, signal) {
    // In several parts when it is longer than a timer can count.
    for (let left = millis; left >= 0 && !signal.aborted; left -= timerMillis(left) + 1) {
      await sleep(timerMillis(left), undefined, { signal }).catch(() => {});
    }
  },
  timer(millis, run) {
    let timer: NodeJS.Timeout;
    const begin = (left: number) => {
      const next = () => (left > timerMillis(left) ? begin(left - timerMillis(left)) : run());
      timer = setTimeout(next, timerMillis(left));
      // A batch that waits must not keep the program alive: `finish` sends it anyway.
      timer.unref();
    };
    begin(millis);
    return () => clearTimeout(timer);
  },
  random: () => Math.random(),
};
