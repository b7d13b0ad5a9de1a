/**
 * Places events of a recorder that writes local time without a zone (Python's `datetime.now().isoformat()`). The offset
 * is learnt from the times that Hermes itself sends in the same lines, and learnt anew after a clock change. One state
 * for each source, as each has a recorder of its own. Pure: the same lines give the same times, cut into any batches.
 */
import type { Diagnostic } from '../model/diagnostic.ts';
import { type HookEvent, localOffset } from '../model/event.ts';
import type { ParsedEvent, ParsedLine } from '../model/line.ts';
import { type EpochMicros, epochMicros, shift } from '../model/time.ts';
import { parseTime } from '../model/time-text.ts';

/** Offset from UTC of a local time, given as if it were UTC. Both in microseconds. */
export type ZoneOffset = (local: EpochMicros) => number;

export interface LocalTimes {
  /** Of `--timezone`: for events that nothing else places. */
  readonly zone: ZoneOffset | undefined;
  /** The offset that the last event with a time of Hermes showed; `undefined` before the first. */
  learnt: number | undefined;
  /** Local time of the last event. */
  last: EpochMicros | undefined;
  /** Events since the offset became uncertain, in order. */
  held: ParsedEvent[];
  /** Their offset if no later event shows another. `undefined` after a gap, in which the clock can have changed. */
  heldOffset: number | undefined;
  /** The missing zone was reported. */
  reported: boolean;
}

/** @param learnt the offset that an earlier reading of the source ended with */
export function createLocalTimes(zone: ZoneOffset | undefined, learnt?: number): LocalTimes {
  return { zone, learnt, last: undefined, held: [], heldOffset: undefined, reported: false };
}

/** The clock can have changed over a gap: summer time moves it by at least half an hour. */
const GAP_MICROS = 25 * 60 * 1e6;
/** Before these the clock can have been set back by an hour after a pause of an hour: then local time shows no gap. */
const BEGINS: ReadonlySet<string> = new Set(['on_session_start', 'pre_llm_call']);
/** An event with a time of Hermes comes within a few lines of a turn's start. */
const MOST_HELD = 1000;

/** The lines that can be placed after `lines`; the rest is held until a later call. Lines with a zone pass as they are. */
export function placeLines(state: LocalTimes, lines: readonly ParsedLine[]): readonly ParsedLine[] {
  if (state.held.length === 0 && !lines.some(isLocal)) return lines;
  const placed: ParsedLine[] = [];
  for (const line of lines) {
    if (isLocal(line)) placeEvent(state, line, placed);
    else placed.push(line);
  }
  return placed;
}

/** What is still held, at the end of the source or in a silence of it. */
export function placeHeld(state: LocalTimes): readonly ParsedLine[] {
  const placed: ParsedLine[] = [];
  releaseWithout(state, placed);
  return placed;
}

function isLocal(line: ParsedLine): line is ParsedEvent {
  return line.kind === 'event' && line.localTime === true;
}

function placeEvent(state: LocalTimes, line: ParsedEvent, placed: ParsedLine[]): void {
  const { time, hook } = line.event;
  const offset = localOffset(line.event);
  const isGap = state.last === undefined || Math.abs(time - state.last) >= GAP_MICROS;
  state.last = time;
  if (isGap && state.heldOffset !== undefined) releaseWithout(state, placed);
  if (offset !== undefined) {
    const isNew = offset !== state.learnt;
    state.learnt = offset;
    state.held.push(isNew && offset !== 0 ? withDiagnostic(line, learntOffset(line.event, offset)) : line);
    release(state, () => offset, placed);
  } else if (state.held.length > 0 || isGap || state.learnt === undefined) hold(state, line, placed);
  else if (BEGINS.has(hook)) {
    state.heldOffset = state.learnt;
    hold(state, line, placed);
  } else placed.push(placedAt(line, state.learnt));
}

function hold(state: LocalTimes, line: ParsedEvent, placed: ParsedLine[]): void {
  state.held.push(line);
  if (state.held.length >= MOST_HELD) releaseWithout(state, placed);
}

/** Releases what is held, when no time of Hermes came after it. */
function releaseWithout(state: LocalTimes, placed: ParsedLine[]): void {
  const { heldOffset: known, zone, learnt = 0 } = state;
  release(state, known === undefined ? (zone ?? (() => learnt)) : () => known, placed);
}

function release(state: LocalTimes, offset: ZoneOffset, placed: ParsedLine[]): void {
  for (const line of state.held) {
    const isUnknown = state.learnt === undefined && state.zone === undefined && !state.reported;
    if (isUnknown) state.reported = true;
    const placedLine = placedAt(line, offset(line.event.time));
    placed.push(isUnknown ? withDiagnostic(placedLine, unknownZone(line.event)) : placedLine);
  }
  state.held = [];
  state.heldOffset = undefined;
}

function placedAt(line: ParsedEvent, offset: number): ParsedEvent {
  return { ...line, event: { ...line.event, time: shift(line.event.time, -offset) }, localTime: undefined };
}

function withDiagnostic(line: ParsedEvent, diagnostic: Diagnostic): ParsedEvent {
  return { ...line, diagnostics: [...line.diagnostics, diagnostic] };
}

function learntOffset({ source, line }: HookEvent, offset: number): Diagnostic {
  const message = `times without a zone are local time, UTC${offsetText(offset)} by the times that Hermes sends`;
  return { severity: 'warning', code: 'local-time', message, at: { source, line } };
}

function unknownZone({ source, line }: HookEvent): Diagnostic {
  const message = 'times have no zone and were read as UTC: --timezone names the zone of the recorder';
  return { severity: 'warning', code: 'no-zone', message, at: { source, line } };
}

function offsetText(offset: number): string {
  const minutes = Math.round(Math.abs(offset) / 60e6);
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60].map((value) =>
    String(value).padStart(2, '0'),
  );
  return `${offset < 0 ? '-' : '+'}${hours}:${rest}`;
}

const QUARTER_HOUR_MICROS = 15 * 60 * 1e6;

/** The offsets of an IANA zone (`Europe/Berlin`) or of a fixed one (`+02:00`); `undefined` when there is no such zone. */
export function zoneOffset(zone: string): ZoneOffset | undefined {
  const fixed = /^([+-])(\d\d):?(\d\d)$/.exec(zone);
  if (fixed !== null) {
    const minutes = Number(fixed[2]) * 60 + Number(fixed[3]);
    const offset = (fixed[1] === '-' ? -minutes : minutes) * 60e6;
    return () => offset;
  }
  const format = clockOf(zone);
  if (format === undefined) return undefined;
  let known = { quarter: Number.NaN, offset: 0 };
  return (local) => {
    // Clocks change at whole quarter hours, and asking takes as long as parsing three lines.
    const quarter = Math.floor(local / QUARTER_HOUR_MICROS);
    if (quarter !== known.quarter) {
      // The offset of the instant that the local time would be in UTC is at most one clock change off.
      known = { quarter, offset: offsetAt(format, shift(local, -offsetAt(format, local))) };
    }
    return known.offset;
  };
}

/** A clock in the zone that writes ISO 8601, as is usual in Swedish; `undefined` when there is no such zone. */
function clockOf(timeZone: string): Intl.DateTimeFormat | undefined {
  try {
    return new Intl.DateTimeFormat('sv', { dateStyle: 'short', timeStyle: 'medium', timeZone });
  } catch {
    return undefined;
  }
}

function offsetAt(format: Intl.DateTimeFormat, instant: EpochMicros): number {
  const seconds = Math.floor(instant / 1e6);
  const local = parseTime(format.format(seconds * 1000));
  return local === undefined ? 0 : epochMicros(local - seconds * 1e6);
}
