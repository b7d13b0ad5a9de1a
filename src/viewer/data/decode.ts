import { type Block, SPAN_FIELDS, TEXT_FIELD_COUNT, VALUE_TYPE } from '../../html/format.ts';
import { at, type Pair, pairsOf, type Shape, type Slot, type SpanEvent, type SpanLink } from './table.ts';

/** The blocks of the page as columns, in the order of the file. `tree.ts` puts them in tree order. */
export interface Columns {
  readonly count: number;
  readonly strings: string[];
  readonly shapes: Shape[];
  readonly id: Int32Array;
  readonly trace: Int32Array;
  /** Index into `strings`, -1 for none. */
  readonly parentId: Int32Array;
  readonly session: Int32Array;
  readonly name: Int32Array;
  readonly kind: Uint8Array;
  readonly start: Float64Array;
  readonly duration: Float64Array;
  readonly flags: Uint8Array;
  readonly attributesShape: Int32Array;
  readonly factsShape: Int32Array;
  readonly valuesAt: Int32Array;
  readonly values: Float64Array;
  readonly events: Map<number, SpanEvent[]>;
  readonly links: Map<number, SpanLink[]>;
}

export function decode(blocks: readonly Block[]): Columns {
  const spanCount = sum(blocks, spansIn);
  const columns = emptyColumns(
    spanCount,
    sum(blocks, (block) => block.values.length),
  );
  let firstSpan = 0;
  let firstValue = 0;
  for (const block of blocks) {
    for (const string of block.strings) columns.strings.push(string);
    for (const shape of block.shapes) columns.shapes.push(shapeFrom(shape, columns.strings));
    readSpans(columns, block, firstSpan);
    readValues(columns, block, firstSpan, firstValue);
    readEvents(columns, block, firstSpan);
    readLinks(columns, block, firstSpan);
    firstSpan += spansIn(block);
    firstValue += block.values.length;
  }
  return columns;
}

function spansIn(block: Block): number {
  return block.spans.length / SPAN_FIELDS.count;
}

function sum<T>(items: readonly T[], measure: (item: T) => number): number {
  return items.reduce((total, item) => total + measure(item), 0);
}

function emptyColumns(count: number, valueCount: number): Columns {
  return {
    count,
    strings: [],
    shapes: [],
    id: new Int32Array(count),
    trace: new Int32Array(count),
    parentId: new Int32Array(count),
    session: new Int32Array(count),
    name: new Int32Array(count),
    kind: new Uint8Array(count),
    start: new Float64Array(count),
    duration: new Float64Array(count),
    flags: new Uint8Array(count),
    attributesShape: new Int32Array(count),
    factsShape: new Int32Array(count),
    valuesAt: new Int32Array(count),
    values: new Float64Array(valueCount),
    events: new Map(),
    links: new Map(),
  };
}

function shapeFrom(written: readonly number[], strings: readonly string[]): Shape {
  const slots: Slot[] = [];
  let offset = 0;
  for (let position = 0; position < written.length; position += 2) {
    const type = written[position + 1] ?? VALUE_TYPE.text;
    const keyIndex = written[position] ?? -1;
    slots.push({ key: strings[keyIndex] ?? '', keyIndex, type, offset });
    if (takesNumber(type)) offset += 1;
  }
  return { slots, byKey: new Map(slots.map((slot) => [slot.key, slot])), length: offset };
}

function takesNumber(type: number): boolean {
  return type !== VALUE_TYPE.yes && type !== VALUE_TYPE.no;
}

export function isText(type: number): boolean {
  return type === VALUE_TYPE.text || type === VALUE_TYPE.list;
}

function readSpans(columns: Columns, block: Block, firstSpan: number): void {
  const targets = targetsOf(columns);
  const row = new Array<number>(SPAN_FIELDS.count).fill(0);
  for (let span = 0; span < spansIn(block); span += 1) {
    targets.forEach((target, field) => {
      const written = block.spans[span * SPAN_FIELDS.count + field] ?? 0;
      const differs = field < TEXT_FIELD_COUNT || field === SPAN_FIELDS.start;
      const value = differs ? (row[field] ?? 0) + written : written;
      row[field] = value;
      target[firstSpan + span] = field === SPAN_FIELDS.parent ? value - 1 : value;
    });
  }
}

/** The columns in the order of `SPAN_FIELDS`. */
function targetsOf(columns: Columns) {
  const { id, trace, parentId, session, name, kind, start, duration, flags } = columns;
  const { attributesShape, factsShape } = columns;
  return [id, trace, parentId, session, name, kind, start, duration, flags, attributesShape, factsShape];
}

/** Turns the differences of the texts back into indexes. */
function readValues(columns: Columns, block: Block, firstSpan: number, firstValue: number): void {
  const { shapes, values } = columns;
  const textBefore: number[] = [];
  let from = 0;
  const readShape = (shape: Shape | undefined): void => {
    for (const { keyIndex, type, offset } of shape?.slots ?? []) {
      if (!takesNumber(type)) continue;
      let value = block.values[from + offset] ?? 0;
      if (isText(type)) {
        value += textBefore[keyIndex] ?? 0;
        textBefore[keyIndex] = value;
      }
      values[firstValue + from + offset] = value;
    }
    from += shape?.length ?? 0;
  };
  for (let span = firstSpan; span < firstSpan + spansIn(block); span += 1) {
    columns.valuesAt[span] = firstValue + from;
    readShape(shapes[columns.attributesShape[span] ?? -1]);
    readShape(shapes[columns.factsShape[span] ?? -1]);
  }
}

function readEvents({ strings, shapes, events }: Columns, block: Block, firstSpan: number): void {
  const { events: written } = block;
  for (let from = 0; from < written.length; ) {
    const shape = shapes[at(written, from + 3)];
    append(events, firstSpan + at(written, from), {
      offset: at(written, from + 1),
      name: strings[at(written, from + 2)] ?? '',
      attributes: plainPairs(shape, written, from + 4, strings),
    });
    from += 4 + (shape?.length ?? 0);
  }
}

function readLinks({ strings, shapes, links }: Columns, block: Block, firstSpan: number): void {
  const { links: written } = block;
  for (let from = 0; from < written.length; ) {
    const shape = shapes[at(written, from + 3)];
    append(links, firstSpan + at(written, from), {
      traceId: strings[at(written, from + 1)] ?? '',
      spanId: strings[at(written, from + 2)] ?? '',
      attributes: plainPairs(shape, written, from + 4, strings),
    });
    from += 4 + (shape?.length ?? 0);
  }
}

function plainPairs(
  shape: Shape | undefined,
  numbers: readonly number[],
  from: number,
  strings: readonly string[],
): readonly Pair[] {
  return shape === undefined ? [] : pairsOf(shape, numbers, from, strings);
}

function append<T>(lists: Map<number, T[]>, key: number, item: T): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [item]);
  else list.push(item);
}
