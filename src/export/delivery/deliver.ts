import type { Clock } from './clock.ts';
import type { Answer, Attempt, Transport } from './transport.ts';

/** `once-accepted`: when the receiver has accepted something in this run. `accepted-before`: it has in an earlier run. */
export type RetryRefusals = 'never' | 'once-accepted' | 'accepted-before';

export interface DeliverOptions<Body> {
  readonly transport: Pick<Transport<Body>, 'prepare'>;
  readonly clock: Clock;
  /** Counted from the first attempt of a request; 0 means one attempt. */
  readonly retryForMillis: number;
  /** Aborted when no time is left for anything. */
  readonly stop: AbortSignal;
  readonly onRequest: (isRetry: boolean) => void;
  /** Called once per outage, with a sentence for the user who waits. */
  readonly onOutage: (sentence: string) => void;
  /** When refusals that may pass are tried again. Default: never. */
  readonly retryRefusals?: RetryRefusals | undefined;
}

type Transient = Extract<Answer, { kind: 'transient' }>;
/** `deferred`: the receiver is down, and the caller keeps the request elsewhere. */
export type Outcome = Exclude<Answer, Transient> | { readonly kind: 'deferred' };

export interface DeliverHow {
  /** Gives the request back when it did not pass within this time; `undefined`: tries for the whole time. */
  readonly deferAfterMillis?: number | undefined;
  /** Counts the time for retries from the beginning of the outage, for a request that waited on disk. */
  readonly sinceOutage?: boolean | undefined;
  /** Ends the retries; the request is given back. */
  readonly pause?: AbortSignal | undefined;
}

interface Tries {
  readonly start: number;
  readonly attempts: number;
  /** Ends a wait between two attempts. */
  readonly wake: AbortSignal;
}

const DEFERRED = { kind: 'deferred' } as const;
const OUT_OF_TIME = {
  kind: 'final',
  sentence: 'the time for finishing was over before it could be delivered: see HERMES_OTEL_SHUTDOWN_TIMEOUT',
  mayPass: true,
} as const;

/**
 * Makes the function that delivers one request: it tries until the receiver accepts it, refuses it, or its time is over.
 * Requests to one receiver share the outage and its pauses.
 */
export function createDeliver<Body>(
  options: DeliverOptions<Body>,
): (body: Body, how?: DeliverHow) => Promise<Outcome> {
  const { transport, clock, retryForMillis, stop, onRequest, onOutage } = options;
  const { retryRefusals = 'never' } = options;
  /** The receiver asked every request to wait until then. */
  let pausedUntil = 0;
  /** False until any answer came. */
  let reached = false;
  /** One request waited its whole time for a receiver that never answered: later requests are tried once. */
  let abandoned = false;
  let outage = false;
  let failingSince: number | undefined;
  let accepted = retryRefusals === 'accepted-before';

  async function attemptOnce(attempt: Attempt, isRetry: boolean, wake: AbortSignal): Promise<Answer> {
    const pause = pausedUntil - clock.monotonicMillis();
    if (pause > 0) await clock.sleep(pause, wake);
    if (stop.aborted) return OUT_OF_TIME;
    onRequest(isRetry);
    const answer = passing(await attempt(stop));
    note(answer);
    return stop.aborted && answer.kind === 'transient' ? OUT_OF_TIME : answer;
  }

  function note(answer: Answer): void {
    if (answer.kind === 'accepted') accepted = true;
    if (answer.kind !== 'transient') outage = false;
    failingSince = answer.kind === 'transient' ? (failingSince ?? clock.monotonicMillis()) : undefined;
    if (answer.kind !== 'transient' || answer.reached) reached = true;
  }

  /** A receiver that accepted this signal before is taken at its word only when its refusal lasts. */
  function passing(answer: Answer): Answer {
    if (answer.kind !== 'final' || answer.mayPass !== true || !accepted || retryRefusals === 'never')
      return answer;
    return { kind: 'transient', sentence: answer.sentence, reached: true, retryAfterMillis: undefined };
  }

  /** Milliseconds before the next attempt, or a sentence that says why there is none. */
  function pauseAfter(answer: Transient, attempts: number, leftMillis: number): number | string {
    const wish = answer.retryAfterMillis;
    if (wish !== undefined && wish > leftMillis && retryForMillis > 0) {
      return `${answer.sentence}; it asks to wait ${seconds(wish)}, longer than is left of --retry-for ${seconds(retryForMillis)}`;
    }
    if (leftMillis <= 0) {
      return retryForMillis > 0
        ? `${answer.sentence}; tried for ${seconds(retryForMillis)}`
        : answer.sentence;
    }
    return wish ?? Math.min(backoffMillis(attempts, clock.random()), leftMillis);
  }

  async function waitFor(pause: number, answer: Transient, wake: AbortSignal): Promise<undefined> {
    // What may be tried again at once is no outage: a kept connection that was closed while it was idle.
    if (!outage && pause > 0) onOutage(`${answer.sentence}; trying again for ${seconds(retryForMillis)}`);
    outage ||= pause > 0;
    if (answer.retryAfterMillis !== undefined) pausedUntil = clock.monotonicMillis() + pause;
    await clock.sleep(pause, wake);
  }

  /** Waits for the next attempt, or returns the outcome when there is none. */
  async function waitOrEnd(answer: Transient, tries: Tries, how: DeliverHow): Promise<Outcome | undefined> {
    const budget = abandoned && !reached ? 0 : retryForMillis;
    const from = how.sinceOutage ? Math.min(tries.start, failingSince ?? tries.start) : tries.start;
    const pause = pauseAfter(answer, tries.attempts, from + budget - clock.monotonicMillis());
    if (isDeferred(pause, budget, tries, how)) return DEFERRED;
    if (typeof pause !== 'string') return await waitFor(pause, answer, tries.wake);
    abandoned = !reached;
    return { kind: 'final', sentence: pause, mayPass: true };
  }

  function isDeferred(pause: number | string, budget: number, { start }: Tries, how: DeliverHow): boolean {
    if (isPaused(how)) return true;
    if (how.deferAfterMillis === undefined) return false;
    if (typeof pause === 'string') return budget > 0;
    return clock.monotonicMillis() + pause > start + how.deferAfterMillis;
  }

  return async function deliver(body, how = {}) {
    const attempt = transport.prepare(body);
    const start = clock.monotonicMillis();
    const wake = how.pause === undefined ? stop : AbortSignal.any([stop, how.pause]);
    for (let attempts = 1; ; attempts += 1) {
      const answer = await attemptOnce(attempt, attempts > 1, wake);
      const tries = { start, attempts, wake };
      const outcome = answer.kind === 'transient' ? await waitOrEnd(answer, tries, how) : answer;
      if (outcome !== undefined || isPaused(how)) return outcome ?? DEFERRED;
    }
  };
}

function isPaused({ pause }: DeliverHow): boolean {
  return pause?.aborted === true;
}

function seconds(millis: number): string {
  return `${Math.round(millis / 100) / 10} s`;
}

const FIRST_MILLIS = 500;
const LONGEST_MILLIS = 10_000;

/**
 * The pause before the next attempt. It doubles from half a second to ten; a random half is taken off, so that the
 * requests in flight do not all return at once.
 * @param attempts how many attempts were made, from 1
 * @param random at least 0, below 1
 */
export function backoffMillis(attempts: number, random: number): number {
  const ceiling = Math.min(FIRST_MILLIS * 2 ** (attempts - 1), LONGEST_MILLIS);
  return Math.round(ceiling * (1 - random / 2));
}
