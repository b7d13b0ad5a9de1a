/** How often a checkpoint is written: often enough to lose little time after a crash, seldom enough to cost none. */

export interface Pace {
  /** All in milliseconds of one clock: what was under way was waited for, then the checkpoint was written, until now. */
  note(waitedFrom: number, writtenFrom: number, now: number): void;
  /** @param silent nothing is to be read: then waiting costs nothing. */
  isDue(now: number, silent: boolean): boolean;
}

/** Nothing gains from writing more often. */
const LEAST_PAUSE_MILLIS = 250;
/** Writing takes at most this part of the time. */
const WRITING_SHARE = 0.01;
/** Waiting for answers takes at most this part of the time of a busy follower, unless they take very long. */
const WAITING_SHARE = 0.05;
const MOST_PAUSE_MILLIS = 10_000;

export function createPace(): Pace {
  let mayWriteAt = 0;
  let mayWaitAt = 0;
  return {
    note(waitedFrom, writtenFrom, now) {
      mayWriteAt = now + Math.max(LEAST_PAUSE_MILLIS, (now - writtenFrom) / WRITING_SHARE);
      mayWaitAt = now + Math.min(MOST_PAUSE_MILLIS, (writtenFrom - waitedFrom) / WAITING_SHARE);
    },
    isDue: (now, silent) => now >= mayWriteAt && (silent || now >= mayWaitAt),
  };
}
