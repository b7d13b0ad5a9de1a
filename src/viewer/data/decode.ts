import { type Block, SPAN_FIELDS, TEXT_FIELD_COUNT, VALUE_TYPE } from '../../html/format.ts';
import { append } from '../../model/lists.ts';
import { at, type Columns, emptyColumns, type Pair, pairsOf, type Shape, type Slot } from './table.ts';

/** The blocks of the page as columns, in the order of the file. `tree.ts` puts them in tree order. */
export function decode(blocks: readonly Block[]): Columns {
  const valueCount = blocks.reduce((total, { values }) => total + values.length, 0);
  const columns = emptyColumns(
    blocks.reduce((total, block) => total + spansIn(block), 0),
    valueCount,
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
  const targets = fieldColumns(columns);
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
export function fieldColumns(columns: Columns): readonly (Int32Array | Uint8Array | Float64Array)[] {
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
  for (const { numbers, attributes } of records(block.events, shapes, strings)) {
    const [span, offset, name] = numbers;
    append(events, firstSpan + span, { offset, name: strings[name] ?? '', attributes });
  }
}

function readLinks({ strings, shapes, links }: Columns, block: Block, firstSpan: number): void {
  for (const { numbers, attributes } of records(block.links, shapes, strings)) {
    const [span, trace, id] = numbers;
    append(links, firstSpan + span, {
      traceId: strings[trace] ?? '',
      spanId: strings[id] ?? '',
      attributes,
    });
  }
}

interface WrittenRecord {
  readonly numbers: readonly [number, number, number];
  readonly attributes: readonly Pair[];
}

/** Events or links: three numbers, the shape, and the values of the attributes. */
function* records(
  written: readonly number[],
  shapes: readonly Shape[],
  strings: readonly string[],
): Generator<WrittenRecord> {
  for (let from = 0; from < written.length; ) {
    const shape = shapes[at(written, from + 3)];
    yield {
      numbers: [at(written, from), at(written, from + 1), at(written, from + 2)],
      attributes: shape === undefined ? [] : pairsOf(shape, written, from + 4, strings),
    };
    from += 4 + (shape?.length ?? 0);
  }
}
