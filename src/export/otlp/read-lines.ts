import { isJsonObject, type JsonObject, type JsonValue } from '../../model/json.ts';
import type { InputLine } from '../../model/line.ts';
import type {
  Attributes,
  AttributeValue,
  Metric,
  MetricPoint,
  MetricSnapshot,
  Origin,
  OtelLog,
  OtelSpan,
  SpanKind,
  StatusCode,
  Temporality,
} from '../../model/otel.ts';
import type { SpanId, TraceId } from '../../model/span.ts';
import { type EpochMicros, epochMicros } from '../../model/time.ts';

// Reads OTLP/JSON lines (a dead-letter file, `otlp_file`'s output, a Collector's file) into spans and points, each with
// its own resource and scope. A line with a value that OTLP does not allow is refused whole, with the path of the value.
// A field that our spans and points have no place for is left out and counted by its name.

export interface OtlpReader {
  /** @returns a sentence when the line cannot be read. */
  read(line: Pick<InputLine, 'text' | 'damage'>): OtlpLine | string;
  /** What was left out so far: a name, and how often. Never values. */
  leftOut(): ReadonlyMap<string, number>;
}

const NOTHING: OtlpLine = { spans: [], snapshots: [], logs: [], unsupportedPoints: 0 };

/** A line that this program wrote; nothing when it is damaged. */
export function readOwnLine(text: string): OtlpLine {
  const read = createOtlpReader().read({ text, damage: undefined });
  return typeof read === 'string' ? NOTHING : read;
}

export interface OtlpLine {
  readonly spans: readonly OtelSpan[];
  readonly snapshots: readonly MetricSnapshot[];
  /** Each with one log record, and nothing else of the span. */
  readonly logs: readonly OtelSpan[];
  /** Points that cannot be sent: of gauges, summaries and other kinds that we never make. */
  readonly unsupportedPoints: number;
}

const NO_OTLP =
  'it holds no resourceSpans, resourceMetrics or resourceLogs (a log of hooks is for `hermes-otel replay`)';

export function createOtlpReader(): OtlpReader {
  const leftOut = new Map<string, number>();
  const readSpans = spanReader(leftOut);
  const readMetrics = metricReader(leftOut);
  const readLogs = logReader(leftOut);

  function readRequest(request: JsonValue): OtlpLine | string {
    const { resourceSpans, resourceMetrics, resourceLogs } = isJsonObject(request) ? camelCase(request) : {};
    if (!Array.isArray(resourceSpans ?? resourceMetrics ?? resourceLogs)) return NO_OTLP;
    return { spans: readSpans(resourceSpans), ...readMetrics(resourceMetrics), logs: readLogs(resourceLogs) };
  }

  return {
    leftOut: () => leftOut,
    read({ text, damage }) {
      const damaged = damage === undefined ? undefined : DAMAGE[damage.kind];
      if (damaged !== undefined) return damaged;
      if (text.trim() === '') return NOTHING;
      try {
        return readRequest(JSON.parse(text));
      } catch (error) {
        return sentenceOf(error);
      }
    },
  };
}

function sentenceOf(error: unknown): string {
  if (error instanceof SyntaxError) return 'it is not JSON';
  if (error instanceof OtlpError) return `${error.path.join('.')} ${error.message}`;
  throw error;
}

const DAMAGE: Readonly<Record<string, string>> = {
  too_long: 'it is too long',
  invalid_utf8: 'it is not UTF-8',
};

/** A value that OTLP/JSON does not allow. The path is completed on the way out. */
class OtlpError extends Error {
  readonly path: string[] = [];
}

function inside<T>(name: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof OtlpError) error.path.unshift(name);
    throw error;
  }
}

function listOf<T>(parent: JsonObject, name: string, read: (item: JsonObject) => T): T[] {
  const list = parent[name] ?? [];
  if (!Array.isArray(list)) return inside(name, () => fail('is not a list'));
  return list.map((item, index) => inside(`${name}[${index}]`, () => read(objectOf(item))));
}

function fail(problem: string): never {
  throw new OtlpError(problem);
}

function objectOf(value: JsonValue | undefined): JsonObject {
  return isJsonObject(value) ? camelCase(value) : fail('is not an object');
}

/** Protobuf's JSON also allows the names of the .proto files. */
function camelCase(object: JsonObject): JsonObject {
  if (!Object.keys(object).some((key) => key.includes('_'))) return object;
  const rename = (key: string) => key.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [rename(key), value]));
}

type LeftOut = Map<string, number>;

/** Names are the file's own: their number is bounded. */
const MAX_NAMES = 100;

function countLeftOut(leftOut: LeftOut, name: string): void {
  const kept = leftOut.has(name) || leftOut.size < MAX_NAMES ? name : 'other fields';
  leftOut.set(kept, (leftOut.get(kept) ?? 0) + 1);
}

/** Counts the fields of `object` that hold something and are not `known`. */
function noteOthers(leftOut: LeftOut, kind: string, object: JsonObject, known: ReadonlySet<string>): void {
  for (const [key, value] of Object.entries(object)) {
    if (!known.has(key) && !isEmpty(value)) countLeftOut(leftOut, `${kind}.${key}`);
  }
}

function isEmpty(value: JsonValue | undefined): boolean {
  if (value === undefined || value === null || value === '' || value === 0 || value === '0') return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

const KNOWN = {
  request: new Set(['resource', 'scopeSpans', 'scopeMetrics', 'scopeLogs']),
  group: new Set(['scope', 'spans', 'metrics', 'logRecords']),
  resource: new Set(['attributes']),
  scope: new Set(['name', 'version']),
  span: new Set([
    ...['traceId', 'spanId', 'parentSpanId', 'name', 'kind', 'startTimeUnixNano', 'endTimeUnixNano'],
    ...['attributes', 'events', 'links', 'status', 'flags'],
  ]),
  event: new Set(['timeUnixNano', 'name', 'attributes']),
  link: new Set(['traceId', 'spanId', 'attributes', 'flags']),
  status: new Set(['code', 'message']),
  log: new Set([
    ...['timeUnixNano', 'observedTimeUnixNano', 'severityNumber', 'severityText', 'eventName', 'body'],
    ...['attributes', 'traceId', 'spanId', 'flags'],
  ]),
  metric: new Set(['name', 'description', 'unit', 'sum', 'histogram']),
  point: new Set([
    ...['attributes', 'startTimeUnixNano', 'timeUnixNano', 'asInt', 'asDouble', 'count', 'sum', 'min', 'max'],
    ...['bucketCounts', 'explicitBounds'],
  ]),
} as const;

/** Reads the groups of a request, each with its origin. Equal origins are one object, which the encoders group by. */
function groupReader<T>(
  leftOut: LeftOut,
  { resources, scopes }: { readonly resources: string; readonly scopes: string },
  readGroup: (group: JsonObject, origin: Origin) => T,
): (list: JsonValue | undefined) => T[] {
  const origins = new Map<string, Origin>();

  function originOf(resource: JsonObject, scope: JsonObject): Origin {
    noteOthers(leftOut, 'resource', resource, KNOWN.resource);
    noteOthers(leftOut, 'scope', scope, KNOWN.scope);
    const origin = {
      resource: { attributes: attributesOf(leftOut, resource) },
      scope: { name: textOf(scope, 'name') ?? '', version: textOf(scope, 'version') ?? '' },
    };
    const key = JSON.stringify(origin);
    const known = origins.get(key);
    if (known !== undefined) return known;
    if (origins.size >= MAX_ORIGINS) origins.clear();
    origins.set(key, origin);
    return origin;
  }

  return (list) =>
    listOf({ [resources]: list ?? [] }, resources, (request) => {
      noteOthers(leftOut, 'request', request, KNOWN.request);
      const resource = inside('resource', () => objectOf(request.resource ?? {}));
      return listOf(request, scopes, (group) => {
        noteOthers(leftOut, 'scope', group, KNOWN.group);
        const scope = inside('scope', () => objectOf(group.scope ?? {}));
        return readGroup(group, originOf(resource, scope));
      });
    }).flat();
}

const MAX_ORIGINS = 1000;

function spanReader(leftOut: LeftOut): (list: JsonValue | undefined) => OtelSpan[] {
  const read = (span: JsonObject, origin: Origin): OtelSpan => {
    noteOthers(leftOut, 'span', span, KNOWN.span);
    noteFlags(leftOut, 'span', span);
    return {
      traceId: idOf<TraceId>(span, 'traceId', 32),
      spanId: idOf<SpanId>(span, 'spanId', 16),
      parentSpanId: isEmpty(span.parentSpanId) ? undefined : idOf<SpanId>(span, 'parentSpanId', 16),
      name: textOf(span, 'name') ?? '',
      kind: enumOf(span, 'kind', KINDS),
      startTime: timeOf(leftOut, span, 'startTimeUnixNano'),
      endTime: timeOf(leftOut, span, 'endTimeUnixNano'),
      attributes: attributesOf(leftOut, span),
      status: inside('status', () => statusOf(leftOut, objectOf(span.status ?? {}))),
      events: listOf(span, 'events', (event) => {
        noteOthers(leftOut, 'event', event, KNOWN.event);
        return {
          time: timeOf(leftOut, event, 'timeUnixNano'),
          name: textOf(event, 'name') ?? '',
          attributes: attributesOf(leftOut, event),
        };
      }),
      links: listOf(span, 'links', (link) => {
        noteOthers(leftOut, 'link', link, KNOWN.link);
        noteFlags(leftOut, 'link', link);
        return {
          traceId: idOf<TraceId>(link, 'traceId', 32),
          spanId: idOf<SpanId>(link, 'spanId', 16),
          attributes: attributesOf(leftOut, link),
        };
      }),
      origin,
    };
  };
  const readGroups = groupReader(
    leftOut,
    { resources: 'resourceSpans', scopes: 'scopeSpans' },
    (group, origin) => listOf(group, 'spans', (span) => read(span, origin)),
  );
  return (list) => readGroups(list).flat();
}

/** Log records, each as the record of a span of which nothing else is known. */
function logReader(leftOut: LeftOut): (list: JsonValue | undefined) => OtelSpan[] {
  const read = (log: JsonObject, origin: Origin): OtelSpan => {
    noteOthers(leftOut, 'log', log, KNOWN.log);
    const time = timeOf(leftOut, log, 'timeUnixNano');
    const body = inside('body', () => attributeValue(leftOut, objectOf(log.body ?? {})));
    const record = {
      time,
      name: textOf(log, 'eventName') ?? '',
      severity: severityOf(numberOf(log, 'severityNumber')),
      body: typeof body === 'object' ? JSON.stringify(body) : String(body ?? ''),
      attributes: attributesOf(leftOut, log),
    };
    return {
      traceId: idOf<TraceId>(log, 'traceId', 32),
      spanId: idOf<SpanId>(log, 'spanId', 16),
      parentSpanId: undefined,
      name: '',
      kind: 1,
      startTime: time,
      endTime: time,
      attributes: {},
      status: { code: 0, message: undefined },
      events: [],
      links: [],
      logs: [record],
      origin,
    };
  };
  const readGroups = groupReader(
    leftOut,
    { resources: 'resourceLogs', scopes: 'scopeLogs' },
    (group, origin) => listOf(group, 'logRecords', (log) => read(log, origin)),
  );
  return (list) => readGroups(list).flat();
}

function severityOf(number: number): OtelLog['severity'] {
  if (number >= 17) return 'ERROR';
  return number >= 13 ? 'WARN' : 'INFO';
}

/** Every span is sent as sampled and of this process; other flags are lost. */
function noteFlags(leftOut: LeftOut, kind: string, { flags = 0 }: JsonObject): void {
  if (![0, 1, 0x100, 0x101].includes(Number(flags))) countLeftOut(leftOut, `${kind}.flags`);
}

const KINDS: readonly (readonly [name: string, value: SpanKind])[] = [
  // The specification takes an unspecified kind for internal.
  ['SPAN_KIND_UNSPECIFIED', 1],
  ['SPAN_KIND_INTERNAL', 1],
  ['SPAN_KIND_SERVER', 2],
  ['SPAN_KIND_CLIENT', 3],
  ['SPAN_KIND_PRODUCER', 4],
  ['SPAN_KIND_CONSUMER', 5],
];
const STATUS_CODES: readonly (readonly [name: string, value: StatusCode])[] = [
  ['STATUS_CODE_UNSET', 0],
  ['STATUS_CODE_OK', 1],
  ['STATUS_CODE_ERROR', 2],
];
const TEMPORALITIES: readonly (readonly [name: string, value: Temporality | undefined])[] = [
  ['AGGREGATION_TEMPORALITY_UNSPECIFIED', undefined],
  ['AGGREGATION_TEMPORALITY_DELTA', 'delta'],
  ['AGGREGATION_TEMPORALITY_CUMULATIVE', 'cumulative'],
];

function statusOf(leftOut: LeftOut, status: JsonObject): OtelSpan['status'] {
  noteOthers(leftOut, 'status', status, KNOWN.status);
  return { code: enumOf(status, 'code', STATUS_CODES), message: textOf(status, 'message') };
}

type MetricLine = Pick<OtlpLine, 'snapshots' | 'unsupportedPoints'>;

function metricReader(leftOut: LeftOut): (list: JsonValue | undefined) => MetricLine {
  let unsupportedPoints = 0;

  const readPoint = (point: JsonObject, kind: 'counter' | 'histogram'): MetricPoint => {
    noteOthers(leftOut, 'point', point, KNOWN.point);
    return {
      attributes: attributesOf(leftOut, point),
      startTime: timeOf(leftOut, point, 'startTimeUnixNano'),
      endTime: timeOf(leftOut, point, 'timeUnixNano'),
      value:
        kind === 'counter'
          ? { kind: 'sum', sum: numberOf(point, point.asInt === undefined ? 'asDouble' : 'asInt') }
          : {
              kind: 'histogram',
              count: numberOf(point, 'count'),
              sum: numberOf(point, 'sum'),
              min: isEmpty(point.min) ? undefined : numberOf(point, 'min'),
              max: isEmpty(point.max) ? undefined : numberOf(point, 'max'),
              bucketCounts: numbersOf(point, 'bucketCounts'),
            },
    };
  };

  const readMetric = (metric: JsonObject): Metric[] => {
    const holder = objectOf(metric.sum ?? metric.histogram ?? {});
    const kind = metric.sum === undefined ? 'histogram' : 'counter';
    const temporality = enumOf(holder, 'aggregationTemporality', TEMPORALITIES);
    const points = listOf(holder, 'dataPoints', (point) => point);
    const isKnown =
      kind === 'counter'
        ? holder.isMonotonic === true &&
          points.every((point) => point.asInt !== undefined || point.asDouble !== undefined)
        : points.every((point) => point.sum !== undefined && point.bucketCounts !== undefined);
    if (temporality === undefined || points.length === 0 || !isKnown) {
      unsupportedPoints += pointsOf(metric);
      return [];
    }
    noteOthers(leftOut, 'metric', metric, KNOWN.metric);
    return [...byBounds(points)].map(([, same]) => ({
      instrument: {
        name: textOf(metric, 'name') ?? '',
        kind,
        unit: textOf(metric, 'unit') ?? '',
        description: textOf(metric, 'description') ?? '',
        bounds: numbersOf(same[0] ?? {}, 'explicitBounds'),
        ...(same.some((point) => point.asDouble !== undefined) && { sums: 'double' as const }),
      },
      temporality,
      points: same.map((point) => readPoint(point, kind)),
    }));
  };

  const readGroups = groupReader(
    leftOut,
    { resources: 'resourceMetrics', scopes: 'scopeMetrics' },
    (group, origin): MetricSnapshot => ({ metrics: listOf(group, 'metrics', readMetric).flat(), origin }),
  );
  return (list) => {
    unsupportedPoints = 0;
    const snapshots = readGroups(list).filter(({ metrics }) => metrics.length > 0);
    return { snapshots, unsupportedPoints };
  };
}

/** Points of one histogram may differ in their bounds, ours do not: each set of bounds becomes a metric. */
function byBounds(points: readonly JsonObject[]): ReadonlyMap<string, readonly JsonObject[]> {
  const groups = new Map<string, JsonObject[]>();
  for (const point of points) {
    const key = JSON.stringify(point.explicitBounds ?? []);
    groups.set(key, [...(groups.get(key) ?? []), point]);
  }
  return groups;
}

function pointsOf(metric: JsonObject): number {
  const holders = Object.values(metric).filter((value) => isJsonObject(value));
  return holders.reduce(
    (sum, { dataPoints }) => sum + (Array.isArray(dataPoints) ? dataPoints.length : 0),
    0,
  );
}

function attributesOf(leftOut: LeftOut, parent: JsonObject): Attributes {
  const pairs = listOf(parent, 'attributes', (pair): [string, AttributeValue][] => {
    const value = inside('value', () => attributeValue(leftOut, objectOf(pair.value ?? {})));
    if (value === undefined) countLeftOut(leftOut, 'attributes without a value');
    return value === undefined ? [] : [[textOf(pair, 'key') ?? '', value]];
  });
  return Object.fromEntries(pairs.flat());
}

function attributeValue(leftOut: LeftOut, any: JsonObject): AttributeValue | undefined {
  if (any.stringValue !== undefined) return textOf(any, 'stringValue');
  if (any.intValue !== undefined) return integerOf(leftOut, any);
  if (any.doubleValue !== undefined) return { double: numberOf(any, 'doubleValue') };
  if (typeof any.boolValue === 'boolean') return any.boolValue;
  if (isEmpty(any)) return undefined;
  const plain = plainValue(any);
  if (Array.isArray(plain) && plain.every((item) => typeof item === 'string')) return plain;
  countLeftOut(
    leftOut,
    'types of attributes that are maps, bytes or lists of other things than text: sent as JSON',
  );
  return JSON.stringify(plain);
}

/** An `AnyValue` as ordinary JSON. */
function plainValue(value: JsonValue | undefined): JsonValue {
  if (!isJsonObject(value)) return null;
  const any = camelCase(value);
  const list = (holder: JsonValue | undefined): readonly JsonValue[] =>
    isJsonObject(holder) && Array.isArray(holder.values) ? holder.values : [];
  if (any.arrayValue !== undefined) return list(any.arrayValue).map(plainValue);
  if (any.kvlistValue === undefined)
    return any.stringValue ?? any.intValue ?? any.doubleValue ?? any.boolValue ?? any.bytesValue ?? null;
  const pairs = list(any.kvlistValue).filter((pair) => isJsonObject(pair));
  return Object.fromEntries(pairs.map(({ key, value: inner }) => [String(key), plainValue(inner)]));
}

/** `undefined` when it is absent. */
function textOf(parent: JsonObject, name: string): string | undefined {
  const value = parent[name] ?? undefined;
  return value === undefined || typeof value === 'string' ? value : inside(name, () => fail('is not a text'));
}

/** Hex, in any case: OTLP's own rule, against protobuf's base64. */
function idOf<Id extends string>(parent: JsonObject, name: string, digits: number): Id {
  const id = textOf(parent, name)?.toLowerCase() ?? '';
  const isId = id.length === digits && /^[0-9a-f]+$/.test(id);
  return isId ? (id as Id) : inside(name, () => fail(`is not an id of ${digits} hex digits`));
}

/** JSON has no word for what is not finite, and 64-bit integers are decimal strings. */
function numberOf(parent: JsonObject, name: string): number {
  return inside(name, () => toNumber(parent[name] ?? 0));
}

function numbersOf(parent: JsonObject, name: string): number[] {
  const list = parent[name] ?? [];
  return inside(name, () => (Array.isArray(list) ? list.map(toNumber) : fail('is not a list')));
}

function toNumber(value: JsonValue): number {
  const isNumber = typeof value === 'number' || (typeof value === 'string' && value.trim() !== '');
  const number = isNumber ? Number(value) : Number.NaN;
  return Number.isNaN(number) && value !== 'NaN' ? fail('is not a number') : number;
}

function integerOf(leftOut: LeftOut, any: JsonObject): number {
  const value = numberOf(any, 'intValue');
  if (!Number.isInteger(value)) return inside('intValue', () => fail('is not an integer'));
  if (!Number.isSafeInteger(value)) countLeftOut(leftOut, 'last digits of integers above 2^53');
  return value;
}

/** Nanoseconds become whole microseconds. */
function timeOf(leftOut: LeftOut, parent: JsonObject, name: string): EpochMicros {
  const value = String(parent[name] ?? 0);
  if (!/^\d{1,19}$/.test(value)) return inside(name, () => fail('is not a time in nanoseconds'));
  if (!/000$|^0$/.test(value)) countLeftOut(leftOut, 'nanoseconds of times');
  return epochMicros(Number(value.slice(0, -3)));
}

function enumOf<T>(
  parent: JsonObject,
  name: string,
  words: readonly (readonly [name: string, value: T])[],
): T {
  const value = parent[name] ?? 0;
  const found = words[Number(value)] ?? words.find(([word]) => word === value);
  return found === undefined ? inside(name, () => fail('is not a known value')) : found[1];
}
