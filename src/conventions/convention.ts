import {
  type Attributes,
  type Instrument,
  type Measurement,
  type OtelLink,
  type OtelSpan,
  type OtelSpanEvent,
  SPAN_KIND,
} from '../model/otel.ts';
import { cut, errorText, PAYLOAD_CHARS } from '../model/safe-text.ts';
import type { AgentSpan, AgentSpanEvent, AgentSpanKind, CallError, SpanLink } from '../model/span.ts';
import type { EpochMicros } from '../model/time.ts';
import { droppingAttributes } from './drop-attributes.ts';
import { genAi, genAiLatest } from './gen-ai.ts';
import { genAiLatestMeter, genAiMeter } from './gen-ai-meter.ts';
import { hermes } from './hermes.ts';
import { hermesMeter } from './hermes-meter.ts';
import { spanLogs } from './logs.ts';
import { CONVENTION_NAMES, type ConventionName } from './names.ts';
import { openInference } from './openinference.ts';
import { RECEIVERS, type ReceiverName } from './receivers.ts';
import { apply, type Context, type Meter, type SpanRules } from './rules.ts';
import { statusOf } from './status.ts';

/**
 * Names a reconstructed span for OpenTelemetry: span name, attributes, status, span events and measurements.
 * This stage only names: it sees no events of a log, pairs nothing, sets no times and uses no SDK.
 */
export interface Convention {
  toSpan(span: AgentSpan): OtelSpan;
  /** Empty for spans that measure nothing. Equal labels are the identical object. */
  measure(span: AgentSpan): readonly Measurement[];
  readonly instruments: readonly Instrument[];
}

interface Entry {
  readonly rules: SpanRules;
  /** Called once per `convention()`, because a meter caches labels. `undefined`: the convention has no metrics. */
  readonly meter: ((context: Context) => Meter) | undefined;
}

const CONVENTIONS = {
  hermes: { rules: hermes, meter: hermesMeter },
  'gen-ai': { rules: genAi, meter: genAiMeter },
  'gen-ai-latest': { rules: genAiLatest, meter: genAiLatestMeter },
  openinference: { rules: openInference, meter: undefined },
} satisfies Record<ConventionName, Entry>;

const SPAN_KINDS = {
  session: SPAN_KIND.internal,
  turn: SPAN_KIND.internal,
  api_call: SPAN_KIND.client,
  tool_call: SPAN_KIND.internal,
  approval: SPAN_KIND.internal,
  subagent: SPAN_KIND.internal,
  auxiliary_call: SPAN_KIND.client,
} satisfies Record<AgentSpanKind, OtelSpan['kind']>;

export interface ConventionOptions {
  readonly captureContent: boolean;
  /** Attributes that are left out, by names with `*`; `!name` keeps one. */
  readonly dropAttributes?: readonly string[] | undefined;
  /** Adds log records to the spans. Default false. */
  readonly logs?: boolean | undefined;
  /** Adapts the names to what one receiver reads. Default: none. */
  readonly receiver?: ReceiverName | undefined;
}

/**
 * Combines the named conventions on the same span. Metrics come from the first of them that has any, so that nothing
 * is counted twice. `names` must not be empty; the default is the caller's.
 */
export function convention(names: readonly ConventionName[], options: ConventionOptions): Convention {
  const chosen = CONVENTION_NAMES.filter((name) => names.includes(name)).map(
    (name): Entry => CONVENTIONS[name],
  );
  const context: Context = {
    captureContent: options.captureContent,
    inputWithCache: chosen.some((entry) => entry.rules !== hermes),
    adapt: options.receiver && RECEIVERS[options.receiver].adapt,
  };
  // A later table overwrites an earlier one, so the convention with precedence comes last.
  const tables = chosen.map((entry) => entry.rules).reverse();
  const meter = chosen.find((entry) => entry.meter !== undefined)?.meter?.(context);
  const durations = new Set(meter?.instruments.filter(({ unit }) => unit === 's').map(({ name }) => name));
  const named: Convention = {
    toSpan(span) {
      const otel = toSpan(span, tables, context);
      const logs = options.logs ? spanLogs(span, otel) : [];
      return logs.length === 0 ? otel : { ...otel, logs };
    },
    measure: (span) => {
      const measured = meter?.measure(span) ?? [];
      // Times that were inferred from an order measure nothing.
      return span.timeSource === 'order'
        ? measured.filter(({ instrument }) => !durations.has(instrument))
        : measured;
    },
    instruments: meter?.instruments ?? [],
  };
  return droppingAttributes(named, options.dropAttributes ?? []);
}

function toSpan(span: AgentSpan, tables: readonly SpanRules[], context: Context): OtelSpan {
  const attributes: Attributes = {};
  let name = '';
  for (const rules of tables) name = apply(rules, span, attributes, context);
  context.adapt?.(span, attributes);
  if ((span.kind === 'session' || span.kind === 'turn') && span.profile !== undefined) {
    attributes['hermes.profile'] = span.profile;
  }
  markReconstruction(span, attributes);
  return {
    traceId: span.traceId,
    spanId: span.spanId,
    parentSpanId: span.parentSpanId,
    name,
    kind: SPAN_KINDS[span.kind],
    startTime: span.startTime,
    endTime: span.endTime,
    attributes,
    status: statusOf(span),
    events: spanEvents(span),
    links: spanLinks(span),
  };
}

/** Marks of the reconstruction, the same under every convention. */
function markReconstruction(span: AgentSpan, attributes: Attributes): void {
  if (span.incomplete !== undefined) {
    attributes['hermes.incomplete'] = true;
    attributes['hermes.incomplete.reason'] = span.incomplete;
  }
  if (span.syntheticTime) attributes['hermes.time.synthetic'] = true;
  if (span.timeSource !== undefined) attributes['hermes.time.source'] = span.timeSource;
  if (span.originalStartTime !== undefined) {
    // biome-ignore lint/style/noRestrictedGlobals: a time of the log, written as text; no clock is read.
    attributes['hermes.time.original_start'] = new Date(span.originalStartTime / 1000).toISOString();
  }
}

const NO_EVENTS: readonly OtelSpanEvent[] = [];
const NO_LINKS: readonly OtelLink[] = [];

/** The span's own events, and an `exception` at the end of a call that failed. */
function spanEvents(span: AgentSpan): readonly OtelSpanEvent[] {
  const error = callError(span);
  if (error === undefined && span.events.length === 0) return NO_EVENTS;
  const events = span.events.map(spanEvent);
  if (error !== undefined) events.push(exception(error, span.endTime));
  return events;
}

function callError(span: AgentSpan): CallError | undefined {
  return span.kind === 'api_call' || span.kind === 'auxiliary_call' ? span.error : undefined;
}

function exception(error: CallError, time: EpochMicros): OtelSpanEvent {
  const attributes: Attributes = { 'exception.type': error.type };
  const message = errorText(error.message);
  if (message !== undefined) attributes['exception.message'] = message;
  return { time, name: 'exception', attributes };
}

/** Field names without a dot get the prefix `hermes.`; the others are attribute names already. */
function spanEvent(event: AgentSpanEvent): OtelSpanEvent {
  const attributes: Attributes = {};
  for (const [field, value] of Object.entries(event.fields)) {
    attributes[field.includes('.') ? field : `hermes.${field}`] = fieldValue(value);
  }
  return { time: event.time, name: event.name, attributes };
}

function fieldValue(value: string | number | boolean) {
  if (typeof value === 'string') return cut(value, PAYLOAD_CHARS);
  return typeof value === 'number' && !Number.isInteger(value) ? { double: value } : value;
}

function spanLinks(span: AgentSpan): readonly OtelLink[] {
  return span.links.length === 0 ? NO_LINKS : span.links.map(spanLink);
}

function spanLink(link: SpanLink): OtelLink {
  return {
    traceId: link.traceId,
    spanId: link.spanId,
    attributes: { 'hermes.link.relation': link.relation },
  };
}
