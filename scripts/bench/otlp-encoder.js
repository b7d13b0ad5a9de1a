/**
 * Our OTLP encoder against the SDK's serializers, on the spans of ordinary sessions (`hermes` names, no content):
 *
 *   npm run build && node scripts/bench/otlp-encoder.js
 *
 * The four take turns and the fastest round of each counts, so a busy machine stretches the run, not the ratios.
 * Outside jest, whose sandbox makes every global slow.
 */
import { JsonTraceSerializer, ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import { convention } from '../../build/conventions/convention.js';
import { createJsonTraceRequest } from '../../build/export/otlp/json.js';
import { createTraceRequest } from '../../build/export/otlp/trace-request.js';
import { toReadableSpan, toSdkOrigin } from '../../build/export/readable.js';
import { epochMicros } from '../../build/model/time.js';

const SPANS = 256;
const ROUNDS = 400;
const ORIGIN = {
  resource: { attributes: { 'service.name': 'hermes-agent' } },
  scope: { name: 'hermes-otel', version: '0.1.0' },
};

const { toSpan } = convention(['hermes'], { captureContent: false });
const spans = Array.from({ length: SPANS }, (_, n) => toSpan(n % 2 === 0 ? apiCall(n) : toolCall(n)));
const origin = toSdkOrigin(ORIGIN);
const sdkSpans = spans.map((span) => toReadableSpan(span, origin));
const protobuf = createTraceRequest(ORIGIN);
const json = createJsonTraceRequest(ORIGIN);

const attributes = spans.reduce((sum, span) => sum + Object.keys(span.attributes).length, 0) / SPANS;
const bytes = encode(protobuf) / SPANS;
process.stdout.write(`${attributes} attributes and ${Math.round(bytes)} bytes (protobuf) per span\n`);
compare(
  'protobuf',
  () => encode(protobuf),
  () => ProtobufTraceSerializer.serializeRequest(sdkSpans).length,
);
compare(
  'JSON',
  () => encode(json),
  () => JsonTraceSerializer.serializeRequest(sdkSpans).length,
);

function encode(request) {
  for (const span of spans) request.add(span, Number.POSITIVE_INFINITY);
  return request.finish().length;
}

function compare(name, own, sdk) {
  let [ownBest, sdkBest] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let round = 0; round < ROUNDS; round++) {
    ownBest = Math.min(ownBest, micros(own));
    sdkBest = Math.min(sdkBest, micros(sdk));
  }
  const perSpan = (best) => `${(best / SPANS).toFixed(2)} µs per span`;
  const ratio = (sdkBest / ownBest).toFixed(1);
  process.stdout.write(`${name}: ours ${perSpan(ownBest)}, the SDK's ${perSpan(sdkBest)}, ratio ${ratio}\n`);
}

function micros(run) {
  const started = process.hrtime.bigint();
  run();
  return Number(process.hrtime.bigint() - started) / 1000;
}

// Written out, not spread: V8 gives every object made by extending a spread a shape of its own, which slows all readers.
/** @returns {import('../../build/model/span.js').ApiCallSpan} */
function apiCall(n) {
  const usage = {
    inputTokens: 120 + n,
    outputTokens: 48,
    cacheReadTokens: 9000,
    cacheWriteTokens: 0,
    reasoningTokens: 0,
    promptTokens: undefined,
    totalTokens: undefined,
  };
  return {
    kind: 'api_call',
    traceId: hex(n >> 4, 32),
    spanId: hex(n + 1, 16),
    parentSpanId: hex(n >> 3, 16),
    startTime: epochMicros(1_789_467_301_123_456 + n * 1000),
    endTime: epochMicros(1_789_467_306_373_456 + n * 1001),
    sessionId: `20260915_101500_${hex(n >> 4, 6)}`,
    incomplete: undefined,
    links: [],
    events: [],
    syntheticTime: false,
    apiRequestId: `20260915_101500_a1b2c3:20260915_101500_a1b2c3:5f0e9d11:api:${n}`,
    model: 'claude-sonnet-4-6',
    platform: 'cli',
    provider: 'anthropic',
    baseUrl: 'https://api.anthropic.com',
    apiMode: 'anthropic_messages',
    callNumber: n % 8,
    retryCount: 0,
    messageCount: 3,
    toolCount: 28,
    approxInputTokens: 9120,
    requestCharCount: 36_480,
    maxTokens: undefined,
    callDurationMicros: 5_250_000 + n,
    timeToFirstChunkMicros: undefined,
    contextLength: 200_000,
    error: undefined,
    answered: true,
    background: false,
    finishReason: 'tool_calls',
    responseModel: 'claude-sonnet-4-6-20260217',
    usage,
    assistantContentChars: 0,
    assistantToolCallCount: 1,
  };
}

/** @returns {import('../../build/model/span.js').ToolCallSpan} */
function toolCall(n) {
  return {
    kind: 'tool_call',
    traceId: hex(n >> 4, 32),
    spanId: hex(n + 1, 16),
    parentSpanId: hex(n >> 3, 16),
    startTime: epochMicros(1_789_467_301_123_456 + n * 1000),
    endTime: epochMicros(1_789_467_301_373_456 + n * 1001),
    sessionId: `20260915_101500_${hex(n >> 4, 6)}`,
    incomplete: undefined,
    links: [],
    events: [],
    syntheticTime: false,
    toolName: 'terminal',
    toolCallId: `toolu_${hex(n, 8)}`,
    apiRequestId: `20260915_101500_a1b2c3:20260915_101500_a1b2c3:5f0e9d11:api:${n}`,
    status: 'ok',
    errorType: undefined,
    errorMessage: undefined,
    durationMillis: 250,
    args: undefined,
    result: undefined,
    background: false,
  };
}

function hex(value, digits) {
  return value.toString(16).padStart(digits, '7');
}
