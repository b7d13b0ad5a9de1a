// OTLP 1.x as data: for each message its fields, by their JSON names, with number and type. From opentelemetry-proto's
// common, resource, trace, metrics and collector files.

export type ScalarType =
  | 'string'
  | 'bool'
  | 'double'
  | 'int64'
  | 'uint32'
  | 'sint32'
  | 'uint64'
  | 'fixed32'
  | 'fixed64'
  | 'sfixed64'
  /** Lower-case or upper-case hex in JSON, against protobuf's own rule (base64). */
  | 'id'
  | 'base64'
  | 'kind'
  | 'status'
  | 'temporality';

export interface Field {
  readonly number: number;
  readonly type: ScalarType | MessageName;
  readonly list: boolean;
}

type MessageName = `.${string}`;
type Message = Readonly<Record<string, Field>>;

const one = (number: number, type: Field['type']): Field => ({ number, type, list: false });
const list = (number: number, type: Field['type']): Field => ({ number, type, list: true });

const attributes = (number: number) => ({ attributes: list(number, '.KeyValue') });
const dropped = (number: number) => one(number, 'uint32');
const times = { startTimeUnixNano: one(2, 'fixed64'), timeUnixNano: one(3, 'fixed64') };
const points = (type: MessageName) => ({
  dataPoints: list(1, type),
  aggregationTemporality: one(2, 'temporality'),
});

export const MESSAGES: Readonly<Record<MessageName, Message>> = {
  '.TraceRequest': { resourceSpans: list(1, '.ResourceSpans') },
  '.MetricsRequest': { resourceMetrics: list(1, '.ResourceMetrics') },

  '.AnyValue': {
    stringValue: one(1, 'string'),
    boolValue: one(2, 'bool'),
    intValue: one(3, 'int64'),
    doubleValue: one(4, 'double'),
    arrayValue: one(5, '.ArrayValue'),
    kvlistValue: one(6, '.KeyValueList'),
    bytesValue: one(7, 'base64'),
  },
  '.ArrayValue': { values: list(1, '.AnyValue') },
  '.KeyValueList': { values: list(1, '.KeyValue') },
  '.KeyValue': { key: one(1, 'string'), value: one(2, '.AnyValue') },
  '.Resource': { ...attributes(1), droppedAttributesCount: dropped(2) },
  '.Scope': {
    name: one(1, 'string'),
    version: one(2, 'string'),
    ...attributes(3),
    droppedAttributesCount: dropped(4),
  },

  '.ResourceSpans': {
    resource: one(1, '.Resource'),
    scopeSpans: list(2, '.ScopeSpans'),
    schemaUrl: one(3, 'string'),
  },
  '.ScopeSpans': { scope: one(1, '.Scope'), spans: list(2, '.Span'), schemaUrl: one(3, 'string') },
  '.Span': {
    traceId: one(1, 'id'),
    spanId: one(2, 'id'),
    traceState: one(3, 'string'),
    parentSpanId: one(4, 'id'),
    name: one(5, 'string'),
    kind: one(6, 'kind'),
    startTimeUnixNano: one(7, 'fixed64'),
    endTimeUnixNano: one(8, 'fixed64'),
    ...attributes(9),
    droppedAttributesCount: dropped(10),
    events: list(11, '.Event'),
    droppedEventsCount: dropped(12),
    links: list(13, '.Link'),
    droppedLinksCount: dropped(14),
    status: one(15, '.Status'),
    flags: one(16, 'fixed32'),
  },
  '.Event': {
    timeUnixNano: one(1, 'fixed64'),
    name: one(2, 'string'),
    ...attributes(3),
    droppedAttributesCount: dropped(4),
  },
  '.Link': {
    traceId: one(1, 'id'),
    spanId: one(2, 'id'),
    traceState: one(3, 'string'),
    ...attributes(4),
    droppedAttributesCount: dropped(5),
    flags: one(6, 'fixed32'),
  },
  '.Status': { message: one(2, 'string'), code: one(3, 'status') },

  '.ResourceMetrics': {
    resource: one(1, '.Resource'),
    scopeMetrics: list(2, '.ScopeMetrics'),
    schemaUrl: one(3, 'string'),
  },
  '.ScopeMetrics': { scope: one(1, '.Scope'), metrics: list(2, '.Metric'), schemaUrl: one(3, 'string') },
  '.Metric': {
    name: one(1, 'string'),
    description: one(2, 'string'),
    unit: one(3, 'string'),
    gauge: one(5, '.Gauge'),
    sum: one(7, '.Sum'),
    histogram: one(9, '.Histogram'),
    exponentialHistogram: one(10, '.ExponentialHistogram'),
    summary: one(11, '.Summary'),
    metadata: list(12, '.KeyValue'),
  },
  '.Gauge': { dataPoints: list(1, '.NumberPoint') },
  '.Sum': { ...points('.NumberPoint'), isMonotonic: one(3, 'bool') },
  '.Histogram': points('.HistogramPoint'),
  '.ExponentialHistogram': points('.ExponentialPoint'),
  '.Summary': { dataPoints: list(1, '.SummaryPoint') },
  '.NumberPoint': {
    ...times,
    asDouble: one(4, 'double'),
    exemplars: list(5, '.Exemplar'),
    asInt: one(6, 'sfixed64'),
    ...attributes(7),
    flags: one(8, 'uint32'),
  },
  '.HistogramPoint': {
    ...times,
    count: one(4, 'fixed64'),
    sum: one(5, 'double'),
    bucketCounts: list(6, 'fixed64'),
    explicitBounds: list(7, 'double'),
    exemplars: list(8, '.Exemplar'),
    ...attributes(9),
    flags: one(10, 'uint32'),
    min: one(11, 'double'),
    max: one(12, 'double'),
  },
  '.ExponentialPoint': {
    ...attributes(1),
    ...times,
    count: one(4, 'fixed64'),
    sum: one(5, 'double'),
    scale: one(6, 'sint32'),
    zeroCount: one(7, 'fixed64'),
    positive: one(8, '.Buckets'),
    negative: one(9, '.Buckets'),
    flags: one(10, 'uint32'),
    exemplars: list(11, '.Exemplar'),
    min: one(12, 'double'),
    max: one(13, 'double'),
    zeroThreshold: one(14, 'double'),
  },
  '.Buckets': { offset: one(1, 'sint32'), bucketCounts: list(2, 'uint64') },
  '.SummaryPoint': {
    ...times,
    count: one(4, 'fixed64'),
    sum: one(5, 'double'),
    quantileValues: list(6, '.Quantile'),
    ...attributes(7),
    flags: one(8, 'uint32'),
  },
  '.Quantile': { quantile: one(1, 'double'), value: one(2, 'double') },
  '.Exemplar': {
    timeUnixNano: one(2, 'fixed64'),
    asDouble: one(3, 'double'),
    spanId: one(4, 'id'),
    traceId: one(5, 'id'),
    asInt: one(6, 'sfixed64'),
    filteredAttributes: list(7, '.KeyValue'),
  },
};

/** Enums by the names that protobuf's JSON mapping also allows. */
export const ENUMS: Readonly<Partial<Record<ScalarType, readonly string[]>>> = {
  kind: [
    'SPAN_KIND_UNSPECIFIED',
    'SPAN_KIND_INTERNAL',
    'SPAN_KIND_SERVER',
    'SPAN_KIND_CLIENT',
    'SPAN_KIND_PRODUCER',
    'SPAN_KIND_CONSUMER',
  ],
  status: ['STATUS_CODE_UNSET', 'STATUS_CODE_OK', 'STATUS_CODE_ERROR'],
  temporality: [
    'AGGREGATION_TEMPORALITY_UNSPECIFIED',
    'AGGREGATION_TEMPORALITY_DELTA',
    'AGGREGATION_TEMPORALITY_CUMULATIVE',
  ],
};
