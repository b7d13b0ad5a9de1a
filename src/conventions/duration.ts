import type { Double } from '../model/otel.ts';
import type { SpanBase } from '../model/span.ts';

/** Seconds, always a double for OTLP, also when they happen to be whole. */
export function seconds(micros: number): Double {
  return { double: micros / 1_000_000 };
}

export function secondsOfMillis(millis: number): Double {
  return { double: millis / 1_000 };
}

export function durationMicros(span: SpanBase): number {
  return span.endTime - span.startTime;
}
