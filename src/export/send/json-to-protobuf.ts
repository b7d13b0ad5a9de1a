import { isJsonObject, type JsonObject, type JsonValue } from '../../model/json.ts';
import { type Field, MESSAGES, type ScalarType } from './otlp-schema.ts';
import { OtlpJsonError, SCALARS, varint, WIRE } from './scalars.ts';

// OTLP/JSON to protobuf, for any request anybody wrote: the schema is a table, and this walks it. Fields that the table
// does not know are left out, as protobuf readers do.

/** Deeper than any attribute anybody means, and far from what would exhaust the stack. */
const MAX_DEPTH = 100;

export type RequestName = '.TraceRequest' | '.MetricsRequest';

/** Throws `OtlpJsonError`, its message beginning with the path to the value that cannot be. */
export function jsonToProtobuf(name: RequestName, request: JsonObject): Uint8Array {
  return message(name, request, [], 0);
}

type Path = (string | number)[];

function message(name: keyof typeof MESSAGES, value: JsonValue, path: Path, depth: number): Uint8Array {
  if (!isJsonObject(value)) throw at(path, 'is no object');
  if (depth > MAX_DEPTH) throw at(path, 'is nested too deeply');
  const fields = MESSAGES[name] ?? {};
  const chunks: Uint8Array[] = [];
  for (const [key, content] of Object.entries(value)) {
    const field = Object.hasOwn(fields, key) ? fields[key] : fields[camelCase(key)];
    // In protobuf's JSON, null says that a field is absent.
    if (field === undefined || content === undefined || content === null) continue;
    path.push(key);
    if (field.list) listField(chunks, field, content, path, depth);
    else singleField(chunks, field, content, path, depth);
    path.pop();
  }
  return Buffer.concat(chunks);
}

function listField(out: Uint8Array[], field: Field, value: JsonValue, path: Path, depth: number): void {
  if (!Array.isArray(value)) throw at(path, 'is no list');
  if (!isMessage(field.type) && SCALARS[field.type].wire !== WIRE.lengthDelimited) {
    // Lists of numbers are packed: one field that holds them all.
    const scalar = SCALARS[field.type];
    const numbers = value.map((item) => encodeAt(path, () => scalar.encode(item)));
    out.push(...lengthDelimited(field.number, Buffer.concat(numbers)));
    return;
  }
  for (const [index, item] of value.entries()) {
    path.push(index);
    singleField(out, field, item, path, depth);
    path.pop();
  }
}

function singleField(out: Uint8Array[], field: Field, value: JsonValue, path: Path, depth: number): void {
  if (isMessage(field.type)) {
    out.push(...lengthDelimited(field.number, message(field.type, value, path, depth + 1)));
    return;
  }
  const scalar = SCALARS[field.type];
  const bytes = encodeAt(path, () => scalar.encode(value));
  if (scalar.wire === WIRE.lengthDelimited) out.push(...lengthDelimited(field.number, bytes));
  else out.push(tag(field.number, scalar.wire), bytes);
}

function lengthDelimited(number: number, content: Uint8Array): readonly Uint8Array[] {
  return [tag(number, WIRE.lengthDelimited), varint(BigInt(content.length)), content];
}

function tag(number: number, wire: number): Uint8Array {
  return varint(BigInt(number * 8 + wire));
}

function isMessage(type: ScalarType | `.${string}`): type is `.${string}` {
  return type.startsWith('.');
}

function encodeAt(path: Path, encode: () => Uint8Array): Uint8Array {
  try {
    return encode();
  } catch (error) {
    throw error instanceof OtlpJsonError ? at(path, error.message) : error;
  }
}

function at(path: Path, what: string): OtlpJsonError {
  const where = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`)).join('');
  return new OtlpJsonError(`${where.replace(/^\./, '') || 'the line'} ${what}`);
}

/** Protobuf's JSON may also use the names of the .proto files. */
function camelCase(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
