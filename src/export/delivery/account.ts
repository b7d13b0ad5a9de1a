import { type Counts, type DeliveryAccount, NO_COUNTS, plus, type Signal } from '../../model/sink.ts';

/** Sentences with how much each is about. */
interface Sentences {
  readonly known: Map<string, number>;
  /** What the sentences beyond the limit are about. */
  others: number;
}

/** Distinct sentences kept. A receiver that writes an id into each message must not fill the memory. */
const MAX_PROBLEMS = 20;
/** Notes cost no item: they must not crowd out the problems. */
const MAX_NOTES = 5;

/** Counts the outcome of every item for one destination and signal, and checks that the counts add up. */
export function openAccount(destination: string, signal: Signal) {
  let counts = NO_COUNTS;
  const problems: Sentences = { known: new Map(), others: 0 };
  const notes: Sentences = { known: new Map(), others: 0 };

  function sentences(): readonly string[] {
    const costly = [...problems.known].sort(([, a], [, b]) => b - a);
    return [
      ...costly.map(([sentence, items]) => `${sentence} (${items} ${signal})`),
      ...(problems.others > 0 ? [`other problems (${problems.others} ${signal})`] : []),
      ...notes.known.keys(),
      ...(notes.others > 0 ? [`${notes.others} more notes like these`] : []),
    ];
  }

  /** The figures so far; some items may have no outcome yet. */
  const soFar = (): DeliveryAccount => ({ destination, signal, ...counts, problems: sentences() });

  /** @param problem why items were rejected or failed */
  function add(more: Partial<Counts>, problem?: string): void {
    counts = plus(counts, more);
    const { rejected = 0, failed = 0 } = more;
    if (problem !== undefined) keep(problems, problem, rejected + failed, MAX_PROBLEMS);
  }

  return {
    soFar,
    add,
    /** Keeps a sentence for the user that cost no item. */
    note: (sentence: string) => keep(notes, sentence, 1, MAX_NOTES),
    /**
     * Throws when the items do not add up: that is a bug of ours, and the one thing this program may not get wrong.
     * @param spilled items that wait on disk for the next run, and are no part of this account then
     */
    close(spilled = 0): DeliveryAccount {
      add({ spilled, made: -spilled });
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

function keep(sentences: Sentences, sentence: string, items: number, limit: number): void {
  const { known } = sentences;
  if (!known.has(sentence) && known.size >= limit) sentences.others += items;
  else known.set(sentence, (known.get(sentence) ?? 0) + items);
}
