/** Telling how far a job has come: some tellings may be without an answer, and no more. */
import type { JobProgress } from './messages.ts';

const UNANSWERED = 8;

/** @param ask answered as soon as the job may go on. @returns a function that waits when too many answers are missing. */
export function limitUnanswered(
  ask: (progress: JobProgress) => Promise<unknown>,
): (progress: JobProgress) => Promise<void> {
  const unanswered: Promise<unknown>[] = [];
  return async (progress) => {
    unanswered.push(ask(progress));
    if (unanswered.length > UNANSWERED) await unanswered.shift();
  };
}
