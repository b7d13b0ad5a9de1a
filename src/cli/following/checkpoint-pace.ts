/** How often a checkpoint is written: often enough to read little again after a crash, seldom enough to cost nothing. */

export interface Pace {
  /**
   * What was under way was waited for, then the checkpoint was written, until now: all on one clock.
   * @param notedMillis how long the journal took so far
   */
  note(waitedFrom: number, writtenFrom: number, now: number, notedMillis: number): void;
  /** @param silent nothing is to be read: then waiting costs nothing. */
  isDue(now: number, silent: boolean): boolean;
}

/** Nothing gains from writing more often. */
const LEAST_PAUSE_MILLIS = 250;
/** Writing takes at most this part of the time, what is noted in between included. */
const WRITING_SHARE = 0.01;
/** Of a log that is read as fast as it can be the journal alone takes nearly all of that: then for its sake no longer than this. */
const MOST_JOURNAL_PAUSE_MILLIS = 60_000;
/** Waiting for answers takes at most this part of the time of a busy follower, unless they take very long. */
const WAITING_SHARE = 0.05;
const MOST_WAIT_PAUSE_MILLIS = 10_000;

export function createPace(): Pace {
  let mayWriteAt = 0;
  let mayWaitAt = 0;
  let notedBefore = 0;
  return {
    note(waitedFrom, writtenFrom, now, notedMillis) {
      const forWriting = (now - writtenFrom) / WRITING_SHARE;
      const forBoth = forWriting + (notedMillis - notedBefore) / WRITING_SHARE;
      notedBefore = notedMillis;
      const most = Math.max(forWriting, MOST_JOURNAL_PAUSE_MILLIS);
      mayWriteAt = now + Math.max(LEAST_PAUSE_MILLIS, Math.min(most, forBoth));
      mayWaitAt = now + Math.min(MOST_WAIT_PAUSE_MILLIS, (writtenFrom - waitedFrom) / WAITING_SHARE);
    },
    isDue: (now, silent) => now >= mayWriteAt && (silent || now >= mayWaitAt),
  };
}
