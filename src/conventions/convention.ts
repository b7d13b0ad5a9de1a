import {
  type Attributes,
  type Instrument,
  type Measurement,
  type OtelSpan,
  SPAN_KIND,
} from '../model/otel.ts';
import type { AgentSpan, AgentSpanKind } from '../model/span.ts';
import { boundedCache } from './bounded-cache.ts';
import { CONVENTION_NAMES, type ConventionName } from './convention-names.ts';
import { genAi } from './gen-ai.ts';
import { genAiMeter } from './gen-ai-meter.ts';
import { hermes } from './hermes.ts';
import { hermesMeter } from './hermes-meter.ts';
import { openInference } from './openinference.ts';
import { apply, type Context, type Meter, type SpanRules } from './rules.ts';
import { serverOf } from './server.ts';
import { spanEvents, spanLinks } from './span-events.ts';
import { statusOf } from './status.ts';

/**
 * From what Hermes did to what OpenTelemetry says of it: names, attributes, status, span events, measurements.
 * This stage knows names and nothing else: no event of a log, no pairing, no time rule, no SDK.
 */

export interface Convention {
  toSpan(span: AgentSpan): OtelSpan;
  /** Empty for spans that measure nothing. Equal labels are the identical object. */
  measure(span: AgentSpan): readonly Measurement[];
  readonly instruments: readonly Instrument[];
}

interface Entry {
  readonly rules: SpanRules;
  /** Made anew per convention, as a meter remembers its labels. `undefined`: the convention has no metrics. */
  readonly meter: ((context: Context) => Meter) | undefined;
}

const CONVENTIONS = {
  hermes: { rules: hermes, meter: hermesMeter },
  'gen-ai': { rules: genAi, meter: genAiMeter },
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

/**
 * The chosen sets of names, put on the same span. Metrics come from the first chosen convention that has any, so that
 * nothing is counted twice. Without a name, nothing is named: the caller has a default.
 */
export function convention(
  names: readonly ConventionName[],
  options: { readonly captureContent: boolean },
): Convention {
  const chosen = CONVENTION_NAMES.filter((name) => names.includes(name)).map(
    (name): Entry => CONVENTIONS[name],
  );
  const context = createContext(options.captureContent);
  // The last one to write wins, so the one with precedence comes last.
  const tables = chosen.map((entry) => entry.rules).reverse();
  const meter = chosen.find((entry) => entry.meter !== undefined)?.meter?.(context);
  return {
    toSpan: (span) => toSpan(span, tables, context),
    measure: meter?.measure ?? (() => []),
    instruments: meter?.instruments ?? [],
  };
}

function toSpan(span: AgentSpan, tables: readonly SpanRules[], context: Context): OtelSpan {
  const attributes: Attributes = {};
  let name = '';
  for (const rules of tables) name = apply(rules, span, attributes, context);
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

/** What the reconstruction says about itself holds under every convention. */
function markReconstruction(span: AgentSpan, attributes: Attributes): void {
  if (span.incomplete !== undefined) {
    attributes['hermes.incomplete'] = true;
    attributes['hermes.incomplete.reason'] = span.incomplete;
  }
  if (span.syntheticTime) attributes['hermes.time.synthetic'] = true;
  if (span.originalStartTime !== undefined) {
    // biome-ignore lint/style/noRestrictedGlobals: a time of the log, written as text; no clock is read.
    attributes['hermes.time.original_start'] = new Date(span.originalStartTime / 1000).toISOString();
  }
}

function createContext(captureContent: boolean): Context {
  const named = boundedCache((prefix) => boundedCache((name) => prefix + name));
  return {
    captureContent,
    spanName: (prefix, name) => (name === undefined ? prefix.trimEnd() : named(prefix)(name)),
    server: boundedCache(serverOf),
  };
}
