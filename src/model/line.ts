import type { Diagnostic } from './diagnostic.ts';
import type { HookEvent } from './event.ts';
import type { EpochMicros } from './time.ts';

/** The place of a line of input, as every diagnostic names it. */
export interface LineRef {
  /** The file as the user named it, or `-` for standard input. */
  readonly source: string;
  /** Counted from 1 within its source. */
  readonly line: number;
}

/**
 * One line of input, decoded, without its line end.
 * `damage` is set when the input stage could not read the whole line; `text` then holds the part that it could read
 * (`''` for a line that is too long).
 */
export interface InputLine extends LineRef {
  readonly text: string;
  /** Offset of the first byte after this line (and its line end) in the uncompressed source. */
  readonly endOffsetBytes: number;
  readonly damage: LineDamage | undefined;
}

export type LineDamage =
  /** Longer than the limit; its bytes were skipped without being kept. */
  | { readonly kind: 'too_long'; readonly sizeBytes: number }
  /** Not UTF-8. `text` has U+FFFD in place of the bad bytes. */
  | { readonly kind: 'invalid_utf8' }
  /** The last line of the source, without a line end. */
  | { readonly kind: 'no_line_end' };

/** The result of parsing one line. Every line is exactly one of these, so the report can account for all lines. */
export type ParsedLine = ParsedEvent | UntimedLine | UncalledHook | BlankLine | MalformedLine;

export interface ParsedEvent {
  readonly kind: 'event';
  readonly event: HookEvent;
  /** Problems that did not prevent the event. All clean lines share one empty list. */
  readonly diagnostics: readonly Diagnostic[];
  /** True when the recorder's time has no zone: it may be local time, and stands as if it were UTC. */
  readonly localTime?: true | undefined;
  /** What the recorder wrote about itself. Absent in lines of recorders that do not number their process. */
  readonly recorder?: RecorderMark | undefined;
}

/** Names a line among all lines of its recorder. */
export interface RecorderMark {
  readonly pid: number;
  /** The number of the line in its process, from 1. `undefined` for a shell hook, whose process writes one line. */
  readonly seq: number | undefined;
}

/** A good line without a usable time. `atTime` turns it into an event. */
export interface UntimedLine {
  readonly kind: 'untimed';
  readonly event: UntimedEvent;
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * A hook body that becomes no event and is counted: a payload of `hermes hooks test`, which belongs to no session, or one with
 * the name of a hook that is not known here.
 */
export interface UncalledHook {
  readonly kind: 'test' | 'unknown';
  /** The name in the log, cut to a printable length. */
  readonly hook: string;
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

/** A `HookEvent` without a time. */
export type UntimedEvent = WithoutTime<HookEvent>;

type WithoutTime<E> = E extends HookEvent ? Omit<E, 'time'> : never;

/** The event with `time` as the recorder's time. */
export function atTime(event: UntimedEvent, time: EpochMicros): HookEvent {
  return { ...event, time };
}

/** Facts about the form of a line. `validate` reports them; a replay does not need them. */
export interface LineFacts {
  readonly envelope: Envelope;
  /** The name in the line. */
  readonly hook: string;
  readonly dialect: Dialect;
  /** `telemetry_schema_version`. */
  readonly schemaVersion: string | undefined;
  /** Fields that neither Hermes nor a recorder writes for this hook. Empty for an unknown hook. */
  readonly unknownFields: readonly string[];
  /** The id of an outbound webhook, equal in repeated deliveries. */
  readonly deliveryId: string | undefined;
}

/** `wrapped`: the fields are in an object or a text one level down, or have other names. */
export type Envelope = 'flat' | 'shell' | 'webhook' | 'wrapped';

/** The releases of Hermes that write such a line, derived from its fields. */
export type Dialect =
  | '0.20 or newer'
  | '0.16 or newer'
  | 'before 0.16'
  | '0.12 to 0.15'
  | '0.11 or older'
  /** All releases write this line alike, or the hook is unknown. */
  | 'unknown';
