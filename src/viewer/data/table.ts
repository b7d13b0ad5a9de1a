import { type FactName, VALUE_TYPE } from '../../html/format.ts';

/** All spans of the page as columns: a span is its index. */
export type Columns = ReturnType<typeof emptyColumns>;

/** Columns that `decode` fills. */
export function emptyColumns(count: number, valueCount: number) {
  const lists: { readonly strings: string[]; readonly shapes: Shape[] } = { strings: [], shapes: [] };
  return {
    count,
    ...lists,
    /** These are indexes into `strings`. */
    id: new Int32Array(count),
    trace: new Int32Array(count),
    session: new Int32Array(count),
    name: new Int32Array(count),
    /** Index into `strings`, -1 for a root. */
    parentId: new Int32Array(count),
    /** Index into `KINDS`. */
    kind: new Uint8Array(count),
    /** Micros since the epoch. */
    start: new Float64Array(count),
    /** Micros. */
    duration: new Float64Array(count),
    flags: new Uint8Array(count),
    attributesShape: new Int32Array(count),
    factsShape: new Int32Array(count),
    /** Where in `values` the span's attributes begin; its facts follow. */
    valuesAt: new Int32Array(count),
    values: new Float64Array(valueCount),
    events: new Map<number, SpanEvent[]>(),
    links: new Map<number, SpanLink[]>(),
  };
}

/**
 * The spans in tree order: each before its children, sessions one after the other. So a subtree is the range
 * `[span, span + size[span])`.
 */
export interface SpanTable extends Columns {
  /** The parent's span, -1 for a root and where the parent is not in the file. */
  readonly parent: Int32Array;
  /** Spans in the subtree, itself included. */
  readonly size: Int32Array;
  readonly depth: Uint16Array;
  readonly sessions: readonly Session[];
}

/** The roots of one session id and everything below them: an entry of the list. */
export interface Session {
  readonly id: string;
  /** A range of spans. */
  readonly from: number;
  readonly to: number;
  /** Micros since the epoch, over all its spans. */
  readonly start: number;
  readonly end: number;
  /** The first message of the user; `undefined` without content. */
  readonly title?: string | undefined;
}

/** The keys of a set of attributes and where their values stand. */
export interface Shape {
  readonly slots: readonly Slot[];
  readonly byKey: ReadonlyMap<string, Slot>;
  /** How many numbers its values take. */
  readonly length: number;
}

export interface Slot {
  readonly key: string;
  /** Of the key in `strings`. */
  readonly keyIndex: number;
  readonly type: number;
  /** From the first value of the set; meaningless for truth values. */
  readonly offset: number;
}

export type Value = string | number | boolean | readonly string[];
export type Pair = readonly [key: string, value: Value];

export interface SpanEvent {
  /** Micros after the span's start. */
  readonly offset: number;
  readonly name: string;
  readonly attributes: readonly Pair[];
}

export interface SpanLink {
  readonly traceId: string;
  readonly spanId: string;
  readonly attributes: readonly Pair[];
}

const NO_SHAPE: Shape = { slots: [], byKey: new Map(), length: 0 };

export function text(table: SpanTable, index: number): string {
  return table.strings[index] ?? '';
}

export function at(column: ArrayLike<number>, index: number): number {
  return column[index] ?? -1;
}

export function shapeOf(table: SpanTable, index: number): Shape {
  return table.shapes[index] ?? NO_SHAPE;
}

export function attributesOf(table: SpanTable, span: number): readonly Pair[] {
  const shape = shapeOf(table, at(table.attributesShape, span));
  return pairsOf(shape, table.values, at(table.valuesAt, span), table.strings);
}

export function pairsOf(
  shape: Shape,
  values: ArrayLike<number>,
  from: number,
  strings: readonly string[],
): readonly Pair[] {
  return shape.slots.map((slot) => [slot.key, readValue(slot, values, from, strings)] as const);
}

/** `undefined` where the log does not have it. */
export function fact(table: SpanTable, span: number, name: FactName): Value | undefined {
  const slot = shapeOf(table, at(table.factsShape, span)).byKey.get(name);
  if (slot === undefined) return undefined;
  return readValue(slot, table.values, factsAt(table, span), table.strings);
}

export function numberFact(table: SpanTable, span: number, name: FactName): number | undefined {
  const value = fact(table, span, name);
  return typeof value === 'number' ? value : undefined;
}

export function textFact(table: SpanTable, span: number, name: FactName): string | undefined {
  const value = fact(table, span, name);
  return typeof value === 'string' ? value : undefined;
}

/** Where in `values` the span's facts begin. */
export function factsAt(table: SpanTable, span: number): number {
  return at(table.valuesAt, span) + shapeOf(table, at(table.attributesShape, span)).length;
}

function readValue(slot: Slot, values: ArrayLike<number>, from: number, strings: readonly string[]): Value {
  switch (slot.type) {
    case VALUE_TYPE.yes:
      return true;
    case VALUE_TYPE.no:
      return false;
    case VALUE_TYPE.number:
      return values[from + slot.offset] ?? 0;
    case VALUE_TYPE.list:
      return listOf(strings[values[from + slot.offset] ?? -1] ?? '[]');
    default:
      return strings[values[from + slot.offset] ?? -1] ?? '';
  }
}

function listOf(json: string): readonly string[] {
  const list: unknown = JSON.parse(json);
  return Array.isArray(list) ? list.map(String) : [];
}

export function end(table: SpanTable, span: number): number {
  return at(table.start, span) + at(table.duration, span);
}

/** OpenTelemetry's status code: 0 unset, 1 ok, 2 error. */
export function statusOf(table: SpanTable, span: number): number {
  return at(table.flags, span) % 4;
}

/** OpenTelemetry's span kind: 1 internal, 3 client. */
export function otelKindOf(table: SpanTable, span: number): number {
  return Math.floor(at(table.flags, span) / 4);
}

export function isError(table: SpanTable, span: number): boolean {
  return statusOf(table, span) === 2;
}
