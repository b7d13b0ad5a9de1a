import type { Diagnostic } from './diagnostic.ts';
import type { HookEvent } from './event.ts';
import type { LineRef } from './line.ts';
import type { EpochMicros } from './time.ts';

/** What one line of a log turned out to be. Every line is exactly one of these, so lines can be accounted for. */
export type ParsedLine = ParsedEvent | UntimedLine | TestPayload | UnknownHook | BlankLine | MalformedLine;

export interface ParsedEvent {
  readonly kind: 'event';
  readonly event: HookEvent;
  /** What was odd about the line without spoiling it. The same empty list for every line that is clean. */
  readonly diagnostics: readonly Diagnostic[];
}

/** A good line without a time that can be trusted. `atTime` makes an event of it once somebody decides on one. */
export interface UntimedLine {
  readonly kind: 'untimed';
  readonly event: UntimedEvent;
  readonly diagnostics: readonly Diagnostic[];
}

/** What `hermes hooks test` sends to try a hook out: never part of a session. */
export interface TestPayload {
  readonly kind: 'test';
  readonly hook: string;
  readonly time: EpochMicros | undefined;
  readonly at: LineRef;
}

/** A well-formed hook body whose event name is not one of Hermes's as we know it: counted, never fatal. */
export interface UnknownHook {
  readonly kind: 'unknown';
  /** As it stands in the log, cut to a length that can be shown. */
  readonly hook: string;
  readonly sessionId: string | undefined;
  readonly time: EpochMicros | undefined;
  readonly at: LineRef;
}

export interface BlankLine {
  readonly kind: 'blank';
}

/** A line that holds no event. */
export interface MalformedLine {
  readonly kind: 'malformed';
  readonly diagnostic: Diagnostic;
}

/** A `HookEvent` whose time is not known. */
export type UntimedEvent = WithoutTime<HookEvent>;

type WithoutTime<E> = E extends HookEvent ? Omit<E, 'time'> : never;

/** The event as it would be had the recorder stamped `time` on it. */
export function atTime(event: UntimedEvent, time: EpochMicros): HookEvent {
  return { ...event, time };
}
