import type { JsonValue } from '../../model/json.ts';
import { ENUMS, type ScalarType } from './otlp-schema.ts';

/** A value that OTLP/JSON does not allow where it stands. */
export class OtlpJsonError extends Error {}

export const WIRE = { varint: 0, fixed64: 1, lengthDelimited: 2, fixed32: 5 } as const;

interface Scalar {
  readonly wire: (typeof WIRE)[keyof typeof WIRE];
  encode(value: JsonValue): Uint8Array;
}

/** How each scalar of the schema is read from JSON and written to protobuf. Length-delimited ones are without their length. */
export const SCALARS: Readonly<Record<ScalarType, Scalar>> = {
  string: { wire: WIRE.lengthDelimited, encode: (value) => Buffer.from(text(value)) },
  id: { wire: WIRE.lengthDelimited, encode: (value) => hex(text(value)) },
  base64: { wire: WIRE.lengthDelimited, encode: (value) => Buffer.from(text(value), 'base64') },
  bool: { wire: WIRE.varint, encode: (value) => varint(bool(value) ? 1n : 0n) },
  int64: { wire: WIRE.varint, encode: (value) => varint(BigInt.asUintN(64, signed(value, 64))) },
  uint64: { wire: WIRE.varint, encode: (value) => varint(unsigned(value, 64)) },
  uint32: { wire: WIRE.varint, encode: (value) => varint(unsigned(value, 32)) },
  sint32: { wire: WIRE.varint, encode: (value) => varint(zigzag(signed(value, 32))) },
  kind: { wire: WIRE.varint, encode: (value) => varint(enumValue('kind', value)) },
  status: { wire: WIRE.varint, encode: (value) => varint(enumValue('status', value)) },
  temporality: { wire: WIRE.varint, encode: (value) => varint(enumValue('temporality', value)) },
  double: { wire: WIRE.fixed64, encode: (value) => double(value) },
  fixed64: { wire: WIRE.fixed64, encode: (value) => fixed64(unsigned(value, 64)) },
  sfixed64: { wire: WIRE.fixed64, encode: (value) => fixed64(BigInt.asUintN(64, signed(value, 64))) },
  fixed32: { wire: WIRE.fixed32, encode: (value) => fixed32(unsigned(value, 32)) },
};

export function varint(value: bigint): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}

function fixed64(value: bigint): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return bytes;
}

function fixed32(value: bigint): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(Number(value));
  return bytes;
}

function double(value: JsonValue): Uint8Array {
  const number = typeof value === 'number' ? value : DOUBLE_WORDS[text(value)];
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(number ?? decimal(text(value)));
  return bytes;
}

const DOUBLE_WORDS: Readonly<Record<string, number>> = {
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  '-Infinity': Number.NEGATIVE_INFINITY,
};

function decimal(value: string): number {
  const number = value.trim() === '' ? Number.NaN : Number(value);
  if (Number.isNaN(number)) throw new OtlpJsonError('is no number');
  return number;
}

function text(value: JsonValue): string {
  if (typeof value !== 'string') throw new OtlpJsonError('is no text');
  return value;
}

function bool(value: JsonValue): boolean {
  if (typeof value !== 'boolean') throw new OtlpJsonError('is neither true nor false');
  return value;
}

function hex(value: string): Uint8Array {
  if (!/^(?:[0-9a-fA-F]{2})*$/.test(value)) throw new OtlpJsonError('is no id in hex');
  return Buffer.from(value, 'hex');
}

/** 64-bit integers are decimal strings in JSON, smaller ones numbers; both are taken for both. */
function integer(value: JsonValue): bigint {
  if (typeof value === 'number' && Number.isInteger(value)) return BigInt(value);
  if (typeof value === 'string' && /^-?\d{1,20}$/.test(value)) return BigInt(value);
  throw new OtlpJsonError('is no integer');
}

function signed(value: JsonValue, bits: number): bigint {
  const number = integer(value);
  if (BigInt.asIntN(bits, number) !== number) throw new OtlpJsonError(`does not fit ${bits} bits`);
  return number;
}

function unsigned(value: JsonValue, bits: number): bigint {
  const number = integer(value);
  if (BigInt.asUintN(bits, number) !== number) throw new OtlpJsonError(`does not fit ${bits} bits`);
  return number;
}

function zigzag(value: bigint): bigint {
  return value >= 0n ? value * 2n : value * -2n - 1n;
}

function enumValue(type: ScalarType, value: JsonValue): bigint {
  if (typeof value !== 'string') return unsigned(value, 31);
  const index = ENUMS[type]?.indexOf(value) ?? -1;
  if (index < 0) throw new OtlpJsonError('is no known word');
  return BigInt(index);
}
