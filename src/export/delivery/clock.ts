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
  sleep: (millis, signal) =>
    new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const done = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, millis);
      signal.addEventListener('abort', done);
    }),
  timer: (millis, run) => {
    const timer = setTimeout(run, millis);
    // A batch that waits must not keep the program alive: `finish` sends it anyway.
    timer.unref();
    return () => clearTimeout(timer);
  },
  random: () => Math.random(),
};
