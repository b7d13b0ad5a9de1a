import type { Answer, Attempt, Transport } from './answer.ts';
import { backoffMillis } from './backoff.ts';
import type { Clock } from './clock.ts';

// The outcome of one request: tries until the receiver took it, refused it, or the time for it is over.

export interface DeliverOptions {
  readonly transport: Transport;
  readonly clock: Clock;
  /** From the first attempt of a request; 0 means one attempt. */
  readonly retryForMillis: number;
  /** Aborted when no more time is left for anything. */
  readonly stop: AbortSignal;
  readonly onRequest: (isRetry: boolean) => void;
  /** Called once per outage, with a sentence: somebody may be waiting for us without knowing why. */
  readonly onOutage: (sentence: string) => void;
}

type Transient = Extract<Answer, { kind: 'transient' }>;
export type Outcome = Exclude<Answer, Transient>;

export type Deliver = (body: Uint8Array) => Promise<Outcome>;

const OUT_OF_TIME = 'the time for finishing was over before it could be delivered: see --shutdown-timeout';

export function createDeliver(options: DeliverOptions): Deliver {
  const { transport, clock, retryForMillis, stop, onRequest, onOutage } = options;
  /** The receiver asked all of us to wait until then. */
  let pausedUntil = 0;
  /** False until any answer came: then nobody is there, and nobody was. */
  let reached = false;
  /** Somebody waited the whole time for a receiver that never was there: the rest need not. */
  let abandoned = false;
  let outage = false;

  async function attemptOnce(attempt: Attempt, isRetry: boolean): Promise<Answer> {
    const pause = pausedUntil - clock.monotonicMillis();
    if (pause > 0) await clock.sleep(pause, stop);
    if (stop.aborted) return { kind: 'final', sentence: OUT_OF_TIME };
    onRequest(isRetry);
    const answer = await attempt(stop);
    if (answer.kind !== 'transient') outage = false;
    if (answer.kind !== 'transient' || answer.reached) reached = true;
    return stop.aborted && answer.kind === 'transient' ? { kind: 'final', sentence: OUT_OF_TIME } : answer;
  }

  /** How long to wait before the next attempt; a string says why there is none. */
  function pauseAfter(
    answer: Answer & { kind: 'transient' },
    attempts: number,
    leftMillis: number,
  ): number | string {
    const wish = answer.retryAfterMillis;
    if (wish !== undefined && wish > leftMillis && retryForMillis > 0) {
      return `${answer.sentence}; it asks to wait ${seconds(wish)}, longer than is left of --retry-for ${seconds(retryForMillis)}`;
    }
    if (leftMillis <= 0) {
      return retryForMillis > 0
        ? `${answer.sentence}; tried for ${seconds(retryForMillis)}`
        : answer.sentence;
    }
    if (wish !== undefined) return wish;
    return Math.min(backoffMillis(attempts, clock.random()), leftMillis);
  }

  async function waitFor(pause: number, answer: Transient): Promise<void> {
    // What may be tried again at once is no outage: a kept connection that was closed while nobody used it.
    if (!outage && pause > 0) onOutage(`${answer.sentence}; trying again for ${seconds(retryForMillis)}`);
    outage ||= pause > 0;
    if (answer.retryAfterMillis !== undefined) pausedUntil = clock.monotonicMillis() + pause;
    await clock.sleep(pause, stop);
  }

  return async (body) => {
    const attempt = transport(body);
    const start = clock.monotonicMillis();
    for (let attempts = 1; ; attempts += 1) {
      const answer = await attemptOnce(attempt, attempts > 1);
      if (answer.kind !== 'transient') return answer;
      const budget = abandoned && !reached ? 0 : retryForMillis;
      const pause = pauseAfter(answer, attempts, start + budget - clock.monotonicMillis());
      if (typeof pause === 'string') {
        abandoned = !reached;
        return { kind: 'final', sentence: pause };
      }
      await waitFor(pause, answer);
    }
  };
}

function seconds(millis: number): string {
  return `${Math.round(millis / 100) / 10} s`;
}
