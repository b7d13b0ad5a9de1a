import type { Attributes, AttributeValue } from '../../model/otel.ts';
import { type Bytes, isInt64, reserve, writeByte } from './bytes.ts';
import {
  type Piece,
  piece,
  writeDoubleText,
  writeInteger,
  writeList,
  writePiece,
  writeQuoted,
} from './json-text.ts';

/** What stands before a value: it depends on its key and its type, and is kept for both. */
interface Key {
  readonly string: Piece;
  readonly bool: Piece;
  readonly int: Piece;
  readonly double: Piece;
  readonly array: Piece;
}

function createKey(text: string): Key {
  const head = (type: string) => piece(`,{"key":${JSON.stringify(text)},"value":{${type}`);
  return {
    string: head('"stringValue":'),
    bool: head('"boolValue":'),
    // Integers of 64 bits are strings in proto3's JSON.
    int: head('"intValue":"'),
    double: head('"doubleValue":'),
    array: head('"arrayValue":{"values":'),
  };
}

const OPEN_TEXT = piece('{"stringValue":');
const CLOSE_TEXT = piece('}');
const TRUE = piece('true');
const FALSE = piece('false');
const EMPTY_LIST = piece('[]');
const END_LIST = piece(']');
const OPEN_LIST = 0x5b;
const QUOTE = 0x22;
const CLOSE_OBJECT = 0x7d;

/** Remembers keys as its protobuf sister does, and forgets them all when there are too many. */
export function jsonAttributeWriter(limit = 1024): (out: Bytes, attributes: Attributes) => void {
  const keys = new Map<string, Key>();
  function learn(text: string): Key {
    if (keys.size >= limit) keys.clear();
    const key = createKey(text);
    keys.set(text, key);
    return key;
  }
  return (out, attributes) => {
    const start = out.end;
    for (const text in attributes) {
      const value = attributes[text];
      if (value !== undefined) writeAttribute(out, keys.get(text) ?? learn(text), value);
    }
    if (out.end === start) {
      writePiece(out, EMPTY_LIST);
      return;
    }
    // Every attribute begins with a comma; where the first has its comma, the list begins.
    out.buffer[start] = OPEN_LIST;
    writePiece(out, END_LIST);
  };
}

function writeAttribute(out: Bytes, key: Key, value: AttributeValue): void {
  if (typeof value === 'string') {
    writePiece(out, key.string);
    writeQuoted(out, value);
    closeObjects(out, 2);
  } else if (typeof value === 'number') {
    writeNumber(out, key, value);
  } else if (typeof value === 'boolean') {
    writePiece(out, key.bool);
    writePiece(out, value ? TRUE : FALSE);
    closeObjects(out, 2);
  } else if ('double' in value) {
    writeDouble(out, key, value.double);
  } else {
    writePiece(out, key.array);
    writeList(out, value, writeText);
    closeObjects(out, 3);
  }
}

/** What no integer of 64 bits can hold is a double, whoever took it for an integer. */
function writeNumber(out: Bytes, key: Key, value: number): void {
  if (!isInt64(value)) {
    writeDouble(out, key, value);
    return;
  }
  writePiece(out, key.int);
  writeInteger(out, value);
  reserve(out, 1);
  writeByte(out, QUOTE);
  closeObjects(out, 2);
}

function writeDouble(out: Bytes, key: Key, value: number): void {
  writePiece(out, key.double);
  writeDoubleText(out, value);
  closeObjects(out, 2);
}

/** Few bytes at the end of every attribute: too few for the call that copies a block. */
function closeObjects(out: Bytes, count: number): void {
  reserve(out, count);
  for (let i = 0; i < count; i++) writeByte(out, CLOSE_OBJECT);
}

function writeText(out: Bytes, text: string): void {
  writePiece(out, OPEN_TEXT);
  writeQuoted(out, text);
  writePiece(out, CLOSE_TEXT);
}
