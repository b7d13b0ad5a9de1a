import type { Instrument } from '../../model/otel.ts';

// Durations are measured in whole microseconds and told in seconds, which a double holds only nearly: sums of those would
// depend on their order, and several jobs have no order. Sums of whole numbers do not.

const MICROS_PER_SECOND = 1_000_000;

const scaleOf = ({ unit }: Instrument) => (unit === 's' ? MICROS_PER_SECOND : 1);

/** What is summed in place of `value`: a whole number, for a duration. */
export function toWhole(instrument: Instrument, value: number): number {
  const scale = scaleOf(instrument);
  return scale === 1 ? value : Math.round(value * scale);
}

/** Back from what was summed. */
export function fromWhole(instrument: Instrument, whole: number): number {
  return whole / scaleOf(instrument);
}

/** The sum of two values of one instrument, the same in any order. */
export function exactSum(instrument: Instrument, a: number, b: number): number {
  return fromWhole(instrument, toWhole(instrument, a) + toWhole(instrument, b));
}
