/**
 * The library: replay what an AI agent recorded, with the original timestamps. docs/library.md shows how.
 * This is the only file that `package.json` exports.
 */
export type { ConventionName } from './conventions/names.ts';
export type { DeliveryLimits } from './export/delivery/delivery.ts';
export type { NamedStream } from './input/open-sources.ts';
export type { Diagnostic } from './model/diagnostic.ts';
export type { Attributes, AttributeValue, OtelSpan } from './model/otel.ts';
export type { DeliveryAccount } from './model/sink.ts';
export type { AgentSpan, AgentSpanKind } from './model/span.ts';
export type { EpochMicros } from './model/time.ts';
export type { TurnFacts } from './reconstruct/options.ts';
export type { DestinationFactory } from './replay/destinations.ts';
export {
  type ConsoleOptions,
  console,
  type DeliveryOptions,
  fromMetricExporter,
  fromSpanExporter,
  type OtlpHttpOptions,
  type OutputOptions,
  openMetrics,
  otlpFile,
  otlpHttp,
} from './replay/exporters.ts';
export { type Naming, toReadableSpan } from './replay/naming.ts';
export type {
  CheckpointOptions,
  FollowOptions,
  Log,
  Logs,
  ReplayListeners,
  ReplayOptions,
} from './replay/options.ts';
export { replay } from './replay/replay.ts';
export { ReplayError, type ReplayErrorCode } from './replay/replay-error.ts';
export type { LineAccount, ReplayProgress, ReplayReport } from './replay/report.ts';
export { type SpanOptions, spans } from './replay/spans.ts';
export type { BudgetResult } from './view/budget.ts';
