/** The tables of docs/mapping-attributes.md, found out from what the conventions write for spans with every field. */
import { markdownTable } from 'markdown-table';
import { convention } from '../../src/conventions/convention.ts';
import type { ConventionName } from '../../src/conventions/names.ts';
import type { Attributes, AttributeValue, Instrument } from '../../src/model/otel.ts';
import type { AgentSpan, AgentSpanKind } from '../../src/model/span.ts';
import {
  apiCall,
  approval,
  auxiliaryCall,
  cost,
  failedCall,
  rateLimit,
  request,
  response,
  session,
  subagent,
  toolCall,
  turn,
  unanswered,
} from './spans.ts';

/** Spans that together have every attribute: failures, missing usage and background work have some of their own. */
export const EXAMPLES: readonly AgentSpan[] = [
  session({
    profile: 'work',
    cost: { estimatedUsd: 0.5, actualUsd: 0.25, status: 'actual', source: 'openrouter' },
    userMessage: 'list the files',
    assistantResponse: 'There are three.',
  }),
  turn({ profile: 'work' }),
  turn({ finalStatus: 'failed', failed: true, background: true }),
  apiCall({ cost, request, response }),
  apiCall({ usage: undefined }),
  failedCall({ background: true }),
  toolCall(),
  toolCall({ status: 'error', errorType: 'tool_error', background: true }),
  approval(),
  subagent(),
  subagent({ status: 'failed' }),
  auxiliaryCall({ cost, request, response, auxTask: 'compression' }),
  auxiliaryCall({ ...unanswered, error: rateLimit, background: true }),
];

const KINDS = {
  session: 'Session',
  turn: 'Turn',
  api_call: 'API call',
  auxiliary_call: 'Auxiliary call',
  tool_call: 'Tool call',
  approval: 'Approval',
  subagent: 'Sub-agent',
} satisfies Record<AgentSpanKind, string>;

/** One table for each kind of span: attribute, type, the fields it follows from, and whether it is content. */
export function attributeTables(name: ConventionName): string {
  const tables = Object.entries(KINDS).map(([kind, title]) => {
    const spans = EXAMPLES.filter((span) => span.kind === kind);
    const [spanName] = spans.map((span) => named(name, span).name);
    return `### ${title}: \`${spanName}\`\n\n${table(name, spans)}\n`;
  });
  return tables.join('\n');
}

function named(name: ConventionName, span: AgentSpan, captureContent = true) {
  return convention([name], { captureContent }).toSpan(span);
}

interface Row {
  readonly value: AttributeValue;
  readonly content: boolean;
  readonly fields: Set<string>;
}

function table(name: ConventionName, spans: readonly AgentSpan[]): string {
  const rows = new Map<string, Row>();
  for (const span of spans) addRows(name, span, rows);
  const body = Array.from(rows, ([key, { value, content, fields }]) => [
    `\`${key}\``,
    typeOf(value),
    fields.size === 0 ? `always ${JSON.stringify(value)}` : [...fields].join(', '),
    content ? 'content' : '',
  ]);
  return markdownTable([['attribute', 'type', 'from', ''], ...body]);
}

function addRows(name: ConventionName, span: AgentSpan, rows: Map<string, Row>): void {
  const whole = named(name, span).attributes;
  const withoutContent = named(name, span, false).attributes;
  for (const [key, value] of Object.entries(whole)) {
    if (!rows.has(key)) rows.set(key, { value, content: !(key in withoutContent), fields: new Set() });
  }
  for (const [field, changed] of changes(span)) {
    const attributes = named(name, changed).attributes;
    for (const key of Object.keys(whole))
      if (differ(key, whole, attributes)) rows.get(key)?.fields.add(field);
  }
}

function differ(key: string, a: Attributes, b: Attributes): boolean {
  return JSON.stringify(a[key]) !== JSON.stringify(b[key]);
}

const FIXED = new Set(['kind', 'traceId', 'spanId', 'parentSpanId', 'events', 'links', 'answered']);

/** The span without one of its fields, or one of the fields of a part such as `usage`. */
function* changes(span: AgentSpan): Generator<[field: string, changed: AgentSpan]> {
  for (const [field, value] of Object.entries(span)) {
    if (FIXED.has(field)) continue;
    if (typeof value === 'object' && value !== null && !Array.isArray(value) && field !== 'toolOutcomes') {
      for (const [part, one] of Object.entries(value)) {
        yield [`${field}.${part}`, { ...span, [field]: { ...value, [part]: without(one) } } as AgentSpan];
      }
    } else {
      yield [field, { ...span, [field]: without(value) } as AgentSpan];
    }
  }
}

function without(value: unknown): unknown {
  if (Array.isArray(value)) return [];
  if (typeof value === 'boolean') return !value;
  if (typeof value === 'number') return value + 1;
  return typeof value === 'object' ? {} : undefined;
}

function typeOf(value: AttributeValue): string {
  if (Array.isArray(value)) return 'string[]';
  if (typeof value === 'object') return 'double';
  return typeof value === 'number' ? 'int' : typeof value;
}

/** The instruments of a convention, with the labels that spans with every field give them. */
export function metricTable(name: ConventionName): string {
  const { instruments, measure } = convention([name], { captureContent: false });
  const measured = EXAMPLES.flatMap((span) => measure(span).map((one) => ({ ...one, kind: span.kind })));
  const body = instruments.map((instrument) => {
    const of = measured.filter((one) => one.instrument === instrument.name);
    const kinds = [...new Set(of.map(({ kind }) => KINDS[kind]))];
    const labels = [...new Set(of.flatMap(({ attributes }) => Object.keys(attributes)))];
    return [
      `\`${instrument.name}\``,
      kindOf(instrument),
      instrument.description,
      kinds.join(', '),
      labels.map((label) => `\`${label}\``).join(', '),
    ];
  });
  return `${markdownTable([['metric', 'kind, unit', 'what', 'of', 'labels'], ...body])}\n`;
}

function kindOf({ kind, unit }: Instrument): string {
  return `${kind}, ${unit}`;
}
