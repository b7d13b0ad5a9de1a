import type { DeliveryAccount, Signal } from '../../model/sink.ts';

/** Counts the outcome of every item for one destination and signal, and checks that the counts add up. */
export interface OpenAccount {
  made(items: number): void;
  accepted(items: number): void;
  rejected(items: number, sentence: string): void;
  failed(items: number, sentence: string, how: FailedItems): void;
  /** Takes items back out of the account: the reader of our output left before they came. */
  unwanted(items: number): void;
  cut(items: number, sentence: string): void;
  request(isRetry: boolean): void;
  /** Keeps a sentence for the user that cost no item. */
  note(sentence: string): void;
  /** The figures so far; some items may have no outcome yet. */
  soFar(): DeliveryAccount;
  /**
   * Throws when the items do not add up: that is a bug of ours, and the one thing this program may not get wrong.
   * @param spilled items that wait on disk for the next run, and are no part of this account then
   */
  close(spilled?: number): DeliveryAccount;
}

/** How items failed. */
export interface FailedItems {
  readonly deadLettered: boolean;
  /** Nothing there takes this signal. */
  readonly notTaken?: boolean | undefined;
  /** Another try would get the same answer. */
  readonly refused?: boolean | undefined;
}

/** Distinct sentences kept. A receiver that writes an id into each message must not fill the memory. */
const MAX_PROBLEMS = 20;
/** Notes cost no item: they must not crowd out the problems. */
const MAX_NOTES = 5;

export function openAccount(destination: string, signal: Signal): OpenAccount {
  const counts = {
    made: 0,
    accepted: 0,
    rejected: 0,
    failed: 0,
    requests: 0,
    retries: 0,
    cut: 0,
    deadLettered: 0,
    notTaken: 0,
    refused: 0,
    unwanted: 0,
    spilled: 0,
  };
  const problems = new Map<string, number>();
  let otherProblems = 0;
  const notes = new Set<string>();
  let otherNotes = 0;

  function blame(sentence: string, items: number): void {
    if (problems.has(sentence) || problems.size < MAX_PROBLEMS) {
      problems.set(sentence, (problems.get(sentence) ?? 0) + items);
    } else {
      otherProblems += items;
    }
  }

  function note(sentence: string): void {
    if (notes.size < MAX_NOTES) notes.add(sentence);
    else if (!notes.has(sentence)) otherNotes += 1;
  }

  function sentences(): readonly string[] {
    const costly = [...problems].sort(([, a], [, b]) => b - a);
    return [
      ...costly.map(([sentence, items]) => `${sentence} (${items} ${signal})`),
      ...(otherProblems > 0 ? [`other problems (${otherProblems} ${signal})`] : []),
      ...notes,
      ...(otherNotes > 0 ? [`${otherNotes} more notes like these`] : []),
    ];
  }

  const soFar = (): DeliveryAccount => ({ destination, signal, ...counts, problems: sentences() });

  return {
    soFar,
    note,
    made(items) {
      counts.made += items;
    },
    accepted(items) {
      counts.accepted += items;
    },
    rejected(items, sentence) {
      counts.rejected += items;
      blame(sentence, items);
    },
    failed(items, sentence, { deadLettered, notTaken, refused }) {
      counts.failed += items;
      if (deadLettered) counts.deadLettered += items;
      if (notTaken) counts.notTaken += items;
      if (refused) counts.refused += items;
      blame(sentence, items);
    },
    unwanted(items) {
      counts.unwanted += items;
      counts.made -= items;
    },
    cut(items, sentence) {
      counts.cut += items;
      note(sentence);
    },
    request(isRetry) {
      counts.requests += 1;
      if (isRetry) counts.retries += 1;
    },
    close(spilled = 0) {
      counts.spilled = spilled;
      counts.made -= spilled;
      const { made, accepted, rejected, failed } = counts;
      if (made !== accepted + rejected + failed) {
        throw new Error(
          `the account of ${destination} does not add up: ${made} ${signal} made, ${accepted} accepted, ${rejected} rejected, ${failed} failed`,
        );
      }
      return soFar();
    },
  };
}
