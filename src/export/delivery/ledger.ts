import type { DeliveryAccount, Signal } from '../../model/sink.ts';

/** Counts what becomes of every item, and checks itself. */
export interface Ledger {
  made(items: number): void;
  accepted(items: number): void;
  rejected(items: number, sentence: string): void;
  failed(items: number, sentence: string, deadLettered: boolean): void;
  /** Takes items back out of the account: the reader of our output left before they came. */
  unwanted(items: number): void;
  cut(items: number, sentence: string): void;
  request(isRetry: boolean): void;
  /** Something worth telling that cost no item. */
  note(sentence: string): void;
  /** As it stands, with items that have no outcome yet. */
  soFar(): DeliveryAccount;
  /** The same as plain data, to be added to another ledger. */
  tally(): Tally;
  /** Takes over what another ledger of the same destination counted. */
  add(tally: Tally): void;
  /** Throws when the items do not add up: that would be our bug, and the one thing this program may not get wrong. */
  close(): DeliveryAccount;
}

/** What a ledger counted. */
export interface Tally {
  readonly counts: Readonly<Record<Count, number>>;
  readonly unwanted: number;
  readonly problems: readonly (readonly [sentence: string, items: number])[];
  readonly otherProblems: number;
  readonly notes: readonly string[];
  readonly otherNotes: number;
}

export type NewLedger = (destination: string, signal: Signal) => Ledger;

/** Distinct sentences kept; a receiver that writes an id into each message must not fill the memory. */
const MAX_PROBLEMS = 20;
/** Of those that cost nothing: they must not crowd out the others. */
const MAX_NOTES = 5;

const NOTHING = {
  made: 0,
  accepted: 0,
  rejected: 0,
  failed: 0,
  requests: 0,
  retries: 0,
  cut: 0,
  deadLettered: 0,
};
type Count = keyof typeof NOTHING;
const COUNTS: readonly Count[] = [
  'made',
  'accepted',
  'rejected',
  'failed',
  'requests',
  'retries',
  'cut',
  'deadLettered',
];

export function createLedger(destination: string, signal: Signal): Ledger {
  const counts = { ...NOTHING };
  let unwanted = 0;
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

  function soFar(): DeliveryAccount {
    return { destination, signal, ...counts, unwanted, problems: sentences() };
  }

  return {
    soFar,
    tally: () => ({
      counts: { ...counts },
      unwanted,
      problems: [...problems],
      otherProblems,
      notes: [...notes],
      otherNotes,
    }),
    add(tally) {
      for (const name of COUNTS) counts[name] += tally.counts[name];
      unwanted += tally.unwanted;
      for (const [sentence, items] of tally.problems) blame(sentence, items);
      otherProblems += tally.otherProblems;
      for (const sentence of tally.notes) note(sentence);
      otherNotes += tally.otherNotes;
    },
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
    failed(items, sentence, deadLettered) {
      counts.failed += items;
      if (deadLettered) counts.deadLettered += items;
      blame(sentence, items);
    },
    unwanted(items) {
      unwanted += items;
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
    note,
    close() {
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
