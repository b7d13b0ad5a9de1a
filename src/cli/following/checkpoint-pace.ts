/** How often a checkpoint is written: often enough to read little again after a crash, seldom enough to cost nothing. */

export interface Pace {
  /** What was under way was waited for, then the checkpoint was written, until now: all on one clock. */
  note(waitedFrom: number, writtenFrom: number, now: number): void;
  /** @param silent nothing is to be read: then waiting costs nothing. */
  isDue(now: number, silent: boolean): boolean;
}

/** Nothing gains from writing more often. */
const LEAST_PAUSE_MILLIS = 250;
/** Writing takes so much of the time: with the journal beside it, it stays below a hundredth at any pace at which logs are written. */
const WRITING_SHARE = 0.004;
/** A slow disk may have all of it: what was read since is read again after a crash. */
const MOST_WRITING_SHARE = 0.01;
const LONG_PAUSE_MILLIS = 30_000;
/** Waiting for answers takes at most this part of the time of a busy follower, unless they take very long. */
const WAITING_SHARE = 0.05;
const MOST_WAIT_PAUSE_MILLIS = 10_000;

export function createPace(): Pace {
  let mayWriteAt = 0;
  let mayWaitAt = 0;
  return {
    note(waitedFrom, writtenFrom, now) {
      const writing = now - writtenFrom;
      const most = Math.max(LONG_PAUSE_MILLIS, writing / MOST_WRITING_SHARE);
      mayWriteAt = now + Math.max(LEAST_PAUSE_MILLIS, Math.min(most, writing / WRITING_SHARE));
      mayWaitAt = now + Math.min(MOST_WAIT_PAUSE_MILLIS, (writtenFrom - waitedFrom) / WAITING_SHARE);
    },
    isDue: (now, silent) => now >= mayWriteAt && (silent || now >= mayWaitAt),
  };
}
