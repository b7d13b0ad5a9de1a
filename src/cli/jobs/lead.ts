/**
 * No job gets so far ahead of the slowest that what it gained meanwhile fills the memory: metrics of an interval are sent
 * when all jobs have passed it.
 */
export interface Lead {
  /** Some of the gains that waited may have gone; returns when the job may go on. */
  room(job: number): Promise<void>;
  /** Some of the gains that waited have gone, and nobody wants to go on. */
  release(): void;
}

/** A gain is what one series gained in one interval: a few hundred bytes. */
const MOST_GAINS = 100_000;

/** @param waitingOf how many gains of a job wait for other jobs: none of the slowest one's do, so that somebody always goes on */
export function createLead(waitingOf: (job: number) => number): Lead {
  let held: { readonly job: number; readonly goOn: () => void }[] = [];

  function release(): void {
    const mayGoOn = ({ job }: { job: number }) => waitingOf(job) <= MOST_GAINS;
    const free = held.filter(mayGoOn);
    held = held.filter((one) => !mayGoOn(one));
    for (const { goOn } of free) goOn();
  }

  return {
    release,
    room(job) {
      return new Promise((goOn) => {
        held.push({ job, goOn });
        release();
      });
    },
  };
}
