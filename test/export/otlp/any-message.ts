import fc from 'fast-check';
import type { Field, Type } from 'protobufjs';
import protobuf from 'protobufjs';
import { root } from '../decode.ts';

// Any OTLP/JSON request there can be, generated from the test's own schema.

const MAX_DEPTH = 5;

export function anyMessage(name: string): fc.Arbitrary<object> {
  return message(root.lookupType(name), 0);
}

function message(type: Type, depth: number): fc.Arbitrary<object> {
  const fields = type.fieldsArray
    .map((field) => field.resolve())
    .filter((field) => depth < MAX_DEPTH || scalar(field));
  const free = fields.filter((field) => field.partOf === null || field.partOf.name.startsWith('_'));
  const model = Object.fromEntries(free.map((field) => [field.name, value(field, depth)]));
  const unions = type.oneofsArray.filter((oneof) => !oneof.name.startsWith('_'));
  const choices = unions.map((oneof) => {
    const members = oneof.fieldsArray.filter((field) => fields.includes(field));
    return fc.oneof(
      ...members.map((field) => value(field, depth).map((content) => ({ [field.name]: content }))),
    );
  });
  return fc
    .tuple(fc.record(model, { requiredKeys: [] }), ...choices)
    .map((parts) => Object.assign({}, ...parts));
}

function scalar(field: Field): boolean {
  return !(field.resolvedType instanceof protobuf.Type);
}

function value(field: Field, depth: number): fc.Arbitrary<unknown> {
  const single = single_(field, depth);
  return field.repeated ? fc.array(single, { minLength: 1, maxLength: 3 }) : single;
}

function single_(field: Field, depth: number): fc.Arbitrary<unknown> {
  if (field.resolvedType instanceof protobuf.Type) return message(field.resolvedType, depth + 1);
  return SCALARS[field.name] ?? SCALARS[field.type] ?? fc.constant(undefined);
}

const hex = (bytes: number) =>
  fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((id) => Buffer.from(id).toString('hex'));

const SCALARS: Record<string, fc.Arbitrary<unknown>> = {
  traceId: hex(16),
  spanId: hex(8),
  parentSpanId: hex(8),
  bytesValue: fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes).toString('base64')),
  kind: fc.integer({ min: 0, max: 5 }),
  code: fc.integer({ min: 0, max: 2 }),
  aggregationTemporality: fc.integer({ min: 0, max: 2 }),
  string: fc.string({ unit: 'grapheme' }),
  bool: fc.boolean(),
  double: fc.double({ noNaN: true, noDefaultInfinity: true }),
  int64: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String),
  sfixed64: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String),
  uint64: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String),
  fixed64: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String),
  uint32: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  fixed32: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  sint32: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
};
