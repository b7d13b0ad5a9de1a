/**
 * Microseconds since the Unix epoch: an integer, exact in a double until the year 2255. Hermes writes
 * epoch seconds as doubles, which are no more precise, so nothing is lost and state stays plain JSON.
 */
export type EpochMicros = number & { readonly unit: 'EpochMicros' };

/** Rounds `micros`, which must be finite, to a whole microsecond. */
export function epochMicros(micros: number): EpochMicros {
  return Math.round(micros) as EpochMicros;
}

export function earlier(a: EpochMicros, b: EpochMicros): EpochMicros {
  return a < b ? a : b;
}

export function later(a: EpochMicros, b: EpochMicros): EpochMicros {
  return a > b ? a : b;
}

/** `micros` after `time`; negative moves back. */
export function shift(time: EpochMicros, micros: number): EpochMicros {
  return epochMicros(time + micros);
}

/** `setTimeout` counts in 32 bits: a longer time fires at once. */
const LONGEST_TIMER_MILLIS = 2 ** 31 - 1;

/** A time that a timer can count: what is longer than 24.8 days is cut to that. */
export function timerMillis(millis: number): number {
  return Math.min(millis, LONGEST_TIMER_MILLIS);
}
