/** Where a replay's spans and metrics go: the exporters that the flags name, behind one front. */
import type { Measurement, Instrument } from '../model/otel.ts';
import type { DeliveryAccount, FinishedSpan, MetricSink, SpanSink } from '../model/sink.ts';
import type { EpochMicros } from '../model/time.ts';
