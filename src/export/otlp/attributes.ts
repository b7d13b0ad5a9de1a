import type { Attributes, AttributeValue } from '../../model/otel.ts';
import {
  type Bytes,
  createBytes,
  int64Size,
  isInt64,
  reserve,
  writeBlock,
  writeByte,
  writeDouble,
  writeInt64,
  writeVarint,
} from './bytes.ts';
import { fieldSize, SHORT_CHARS, textSize, writeShortAscii, writeText } from './text.ts';

// KeyValue { 1: key, 2: AnyValue }
const KEY = 0x0a;
const VALUE = 0x12;
// AnyValue { 1: string, 2: bool, 3: int64, 4: double, 5: ArrayValue { 1: AnyValue } }
const STRING_VALUE = 0x0a;
const BOOL_VALUE = 0x10;
const INT_VALUE = 0x18;
const DOUBLE_VALUE = 0x21;
const ARRAY_VALUE = 0x2a;
const ELEMENT = 0x0a;

const BOOL_SIZE = 2;
const DOUBLE_SIZE = 9;

export type AttributeWriter = (out: Bytes, attributes: Attributes) => void;

/**
 * A key, and what stands before its value: that depends on the value's size alone, so it is kept for small values.
 * Spans have the same keys over and over; this is what makes an attribute cheap.
 */
interface Key {
  readonly text: string;
  readonly heads: (Uint8Array | undefined)[];
}

/** Values from here on are rare and long: what stands before them is written anew. */
const KEPT_SIZES = 128;

/**
 * Writes the attributes of a message in which they have the one-byte `tag`. It remembers keys; as a log has a say in
 * some (fields of span events), it forgets them all when there are too many.
 */
export function attributeWriter(tag: number, limit = 1024): AttributeWriter {
  const keys = new Map<string, Key>();
  function learn(text: string): Key {
    if (keys.size >= limit) keys.clear();
    const key: Key = { text, heads: new Array(KEPT_SIZES) };
    keys.set(text, key);
    return key;
  }
  return (out, attributes) => {
    for (const text in attributes) {
      const value = attributes[text];
      if (value === undefined) continue;
      const key = keys.get(text) ?? learn(text);
      if (typeof value === 'string') writeString(out, tag, key, value);
      else writeOther(out, tag, key, value);
    }
  };
}

function writeString(out: Bytes, tag: number, key: Key, value: string): void {
  if (value.length <= SHORT_CHARS) {
    const before = out.end;
    openValue(out, tag, key, value.length + 2);
    if (writeShortAscii(out, STRING_VALUE, value)) return;
    out.end = before;
  }
  openValue(out, tag, key, fieldSize(textSize(value)));
  writeText(out, STRING_VALUE, value);
}

function writeOther(out: Bytes, tag: number, key: Key, value: Exclude<AttributeValue, string>): void {
  if (typeof value === 'number') {
    writeNumber(out, tag, key, value);
  } else if (typeof value === 'boolean') {
    openValue(out, tag, key, BOOL_SIZE);
    writeByte(out, BOOL_VALUE);
    writeByte(out, value ? 1 : 0);
  } else if ('double' in value) {
    openValue(out, tag, key, DOUBLE_SIZE);
    writeByte(out, DOUBLE_VALUE);
    writeDouble(out, value.double);
  } else {
    writeTexts(out, tag, key, value);
  }
}

/** What no integer of 64 bits can hold is a double, also where it was meant as an integer. */
function writeNumber(out: Bytes, tag: number, key: Key, value: number): void {
  if (isInt64(value)) {
    openValue(out, tag, key, 1 + int64Size(value));
    writeByte(out, INT_VALUE);
    writeInt64(out, value);
  } else {
    openValue(out, tag, key, DOUBLE_SIZE);
    writeByte(out, DOUBLE_VALUE);
    writeDouble(out, value);
  }
}

function writeTexts(out: Bytes, tag: number, key: Key, texts: readonly string[]): void {
  const sizes = texts.map((text) => fieldSize(textSize(text)));
  const size = sizes.reduce((sum, elementSize) => sum + fieldSize(elementSize), 0);
  openValue(out, tag, key, fieldSize(size));
  writeByte(out, ARRAY_VALUE);
  writeVarint(out, size);
  texts.forEach((text, index) => {
    writeByte(out, ELEMENT);
    writeVarint(out, sizes[index] ?? 0);
    writeText(out, STRING_VALUE, text);
  });
}

/** All of a `KeyValue` that stands before its value of `size` bytes, and room for that value. */
function openValue(out: Bytes, tag: number, key: Key, size: number): void {
  const head = key.heads[size];
  if (head !== undefined) {
    reserve(out, head.length + size);
    writeBlock(out, head);
  } else if (size < KEPT_SIZES) {
    const made = createBytes();
    writeHead(made, tag, key.text, size);
    key.heads[size] = Uint8Array.from(made.buffer.subarray(0, made.end));
    openValue(out, tag, key, size);
  } else {
    writeHead(out, tag, key.text, size);
  }
}

const LENGTHS_BYTES = 16;

function writeHead(out: Bytes, tag: number, key: string, valueSize: number): void {
  const keyFieldSize = fieldSize(textSize(key));
  reserve(out, keyFieldSize + valueSize + LENGTHS_BYTES);
  writeByte(out, tag);
  writeVarint(out, keyFieldSize + fieldSize(valueSize));
  writeText(out, KEY, key);
  writeByte(out, VALUE);
  writeVarint(out, valueSize);
}
