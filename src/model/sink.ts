import type { OtelSpan } from './otel.ts';
import type { AgentSpan } from './span.ts';

/** A finished span in both of its forms, for a page that shows both. */
export interface FinishedSpan {
  readonly agent: AgentSpan;
  readonly otel: OtelSpan;
}

/**
 * Takes the items of one signal, with an exact account. `write` returns when there is room for more: a slow receiver slows the
 * reader down, and there is no path that drops. One call of `write` at a time.
 */
export interface Delivery<Item> {
  write(items: readonly Item[]): Promise<void>;
  /** Sends what was written so far and returns when every item has its outcome. Not to be called while `write` waits. */
  settled(): Promise<void>;
  /** The figures so far. Items in flight are in `made` only. */
  soFar(): DeliveryAccount;
  /** What is still in flight after `withinMillis` counts as failed. Only the first call has an effect. */
  setDeadline(withinMillis: number): void;
  /**
   * Sends the rest and closes the account. Called once, also after an interrupt and while a `write` still waits.
   * @param withinMillis sets a deadline; `undefined`: none
   */
  finish(withinMillis?: number): Promise<DeliveryAccount>;
}

/** The outcome of the items of one destination and signal: `made = accepted + rejected + failed` once all have one. */
export interface DeliveryAccount extends Counts {
  /** The name for people: a URL without its secrets, a file, `standard output`. */
  readonly destination: string;
  readonly signal: Signal;
  /** One sentence each, the most frequent first: what went wrong and what to check. */
  readonly problems: readonly string[];
}

/** The figures of an account. All but `requests` and `retries` are numbers of items. */
export interface Counts {
  readonly made: number;
  readonly accepted: number;
  /** Refused by the receiver in an answer that otherwise succeeded (`partialSuccess`). */
  readonly rejected: number;
  /** Not delivered. */
  readonly failed: number;
  readonly requests: number;
  /** Requests that were sent again; part of `requests`. */
  readonly retries: number;
  /** Spans whose longest texts were cut to fit a request; they are counted as accepted, rejected or failed too. */
  readonly cut: number;
  /** Of the failed ones: how many are safe in the dead-letter file. */
  readonly deadLettered: number;
  /** Of the failed ones: refused by a server that does not take this signal at all (404, 405, 415). */
  readonly notTaken: number;
  /** Of the failed ones: refused for what they are, so that another try would get the same answer. */
  readonly refused: number;
  /** Came after the reader of our output had left on purpose (`| head`): not part of `made`, and no error. */
  readonly unwanted: number;
  /** Waiting on disk while the receiver is down; no part of `made` at the end of a run, as the next run sends them. */
  readonly spilled: number;
}

export const NO_COUNTS: Counts = {
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

const NAMES = Object.keys(NO_COUNTS).filter((name): name is keyof Counts => name in NO_COUNTS);

/** The sums of both, count by count. Other fields are left out. */
export function plus(a: Counts, b: Partial<Counts>): Counts {
  const sums = { ...NO_COUNTS };
  for (const name of NAMES) sums[name] = a[name] + (b[name] ?? 0);
  return sums;
}

/** One account for each group of accounts with the same key, with the sums of their counts and all their problems. */
export function summed(
  accounts: readonly DeliveryAccount[],
  keyOf: (account: DeliveryAccount) => string,
): readonly DeliveryAccount[] {
  const sums = new Map<string, DeliveryAccount>();
  for (const account of accounts) {
    const key = keyOf(account);
    const sum = sums.get(key) ?? { ...account, ...NO_COUNTS, problems: [] };
    const problems = [...new Set([...sum.problems, ...account.problems])];
    sums.set(key, { ...sum, ...plus(sum, account), problems });
  }
  return [...sums.values()];
}

/** The outcome of some items. */
export type OutcomeCounts = Pick<Counts, 'accepted' | 'rejected' | 'failed' | 'deadLettered'>;

export const NO_OUTCOME: OutcomeCounts = { accepted: 0, rejected: 0, failed: 0, deadLettered: 0 };

export type Signal = 'spans' | 'metric points' | 'log records';

/** Names the log records of a destination in the journal: a file takes them under the name of its spans. */
export function logsOf(destination: string): string {
  return `logs of ${destination}`;
}

/** The account of a delivery over no network, where all items have one outcome: accepted, or failed for the reason in `problem`. */
export function plainAccount(
  at: Pick<DeliveryAccount, 'destination' | 'signal'>,
  made: number,
  problem?: string,
): DeliveryAccount {
  const failed = problem === undefined ? 0 : made;
  const problems = problem === undefined ? [] : [problem];
  return { ...at, ...NO_COUNTS, made, accepted: made - failed, failed, problems };
}
