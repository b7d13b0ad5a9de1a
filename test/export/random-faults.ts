import { reset, status } from './behaviours.ts';
import type { Behaviour, Exchange } from './receiver.ts';

/** Random numbers that are the same for the same seed (mulberry32). */
function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Takes the spans, and then loses the answer: the sender must send them again. */
const forgetful: Behaviour = (exchange) => {
  exchange.store();
  reset(exchange);
};

const FAULTS: readonly Behaviour[] = [
  status(503),
  status(429, '', { 'retry-after': '1' }),
  status(502),
  status(408),
  reset,
  forgetful,
  (exchange) => void setTimeout(() => status(504)(exchange), 5),
  ({ response }) => void response.socket?.destroy(),
];

/** Fails a share of all requests, each in some way of its own that can be tried again. */
export function randomFaults(seed: number, share: number): Behaviour {
  const random = seededRandom(seed);
  return (exchange: Exchange) => {
    if (random() >= share) return exchange.accept();
    FAULTS[Math.floor(random() * FAULTS.length)]?.(exchange);
  };
}
