/**
 * Microseconds since the Unix epoch: an integer, exact in a double until the year 2255. Hermes stamps
 * float epoch seconds, which hold no more than microseconds, so nothing is lost and state stays plain JSON.
 */
export type EpochMicros = number & { readonly unit: 'EpochMicros' };

/** Rounds `micros` to a whole microsecond. The caller vouches that it is finite. */
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
