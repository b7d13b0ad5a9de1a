/**
 * Ratio (b), the SDK's ordinary way for the same spans: our own stages up to the finished span, then a tracer, a batch
 * span processor, `forceFlush` every 512 spans, OTLP/HTTP protobuf. No metrics, which is to its advantage.
 */
import { ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { OTLPExporterBase } from '@opentelemetry/otlp-exporter-base';
import {
  convertLegacyHttpOptions,
  createOtlpHttpExportDelegate,
} from '@opentelemetry/otlp-exporter-base/node-http';
import { ProtobufTraceSerializer, TraceExporterMetricsHelper } from '@opentelemetry/otlp-transformer';
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { convention } from '../../build/conventions/convention.js';
import { hrTime, toSdkAttributes } from '../../build/export/readable.js';
import { fileSource } from '../../build/input/byte-source.js';
import { readLines } from '../../build/input/read-lines.js';
import { parseLine } from '../../build/parse/parse-line.js';
import { DEFAULT_OPTIONS } from '../../build/reconstruct/options.js';
import { createOutput } from '../../build/reconstruct/output.js';
import { createState } from '../../build/reconstruct/state.js';
import { finish, step } from '../../build/reconstruct/step.js';

const FLUSH_AT = 512;
const [file, endpoint] = process.argv.slice(2);

/** What `@opentelemetry/exporter-trace-otlp-proto` is made of. */
const exporter = new OTLPExporterBase(
  createOtlpHttpExportDelegate(
    convertLegacyHttpOptions({ url: `${endpoint}/v1/traces` }, 'TRACES', 'v1/traces', {
      'Content-Type': 'application/x-protobuf',
    }),
    ProtobufTraceSerializer,
    'otlp_http_span_exporter',
    TraceExporterMetricsHelper,
    undefined,
  ),
);
const processor = new BatchSpanProcessor(exporter, {
  maxQueueSize: 4 * FLUSH_AT,
  maxExportBatchSize: FLUSH_AT,
});
const tracer = new BasicTracerProvider({ spanProcessors: [processor] }).getTracer('bench');
const names = convention(['hermes'], { captureContent: false });
const state = createState(DEFAULT_OPTIONS);
let unflushed = 0;

for await (const lines of readLines(fileSource(file), { onDiagnostic: () => {} })) await take(lines);
const last = createOutput();
finish(state, last);
await send(last.spans);
await processor.shutdown();

async function take(lines) {
  const out = createOutput();
  for (const line of lines) {
    const parsed = parseLine(line, { content: false });
    if (parsed.kind === 'event') step(state, parsed.event, out);
  }
  await send(out.spans);
}

async function send(spans) {
  for (const agent of spans) {
    const { name, kind, traceId, parentSpanId, startTime, endTime, attributes, status } = names.toSpan(agent);
    const parent =
      parentSpanId === undefined
        ? ROOT_CONTEXT
        : trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId: parentSpanId, traceFlags: 1 });
    const options = { kind: kind - 1, startTime: hrTime(startTime), attributes: toSdkAttributes(attributes) };
    const span = tracer.startSpan(name, options, parent);
    if (status.code === 2) span.setStatus({ code: 2, message: status.message });
    span.end(hrTime(endTime));
    unflushed += 1;
    if (unflushed === FLUSH_AT) {
      unflushed = 0;
      await processor.forceFlush();
    }
  }
}
