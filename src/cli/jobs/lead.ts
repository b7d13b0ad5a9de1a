/**
 * No job gets far ahead of the slowest: what it gains meanwhile waits in memory for the others. All jobs read the same
 * batches, so counting them tells where each is.
 */
export interface Lead {
  /** The job has taken in one more batch; returns when it may take the next. */
  step(job: number): Promise<void>;
  /** The job waits for nobody and nobody for it. */
  end(job: number): void;
}

/** A batch is what 1 MiB of a log holds (64 KiB of a compressed one), or a thousand lines of several. */
const MOST_BATCHES = 256;

export function createLead(jobs: number): Lead {
  const steps = new Array<number>(jobs).fill(0);
  let waiting: { readonly at: number; readonly goOn: () => void }[] = [];

  function release(): void {
    const slowest = Math.min(...steps);
    const free = waiting.filter(({ at }) => at - slowest <= MOST_BATCHES);
    waiting = waiting.filter(({ at }) => at - slowest > MOST_BATCHES);
    for (const { goOn } of free) goOn();
  }

  return {
    step(job) {
      const at = (steps[job] ?? 0) + 1;
      steps[job] = at;
      return new Promise((goOn) => {
        waiting.push({ at, goOn });
        release();
      });
    },
    end(job) {
      steps[job] = Number.POSITIVE_INFINITY;
      release();
    },
  };
}
