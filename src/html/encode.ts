import { countedOf } from '../model/figures.ts';
import type { Attributes, AttributeValue } from '../model/otel.ts';
import type { FinishedSpan } from '../model/sink.ts';
import type { AgentSpan, ApiCallSpan, AuxiliaryCallSpan, TurnSpan } from '../model/span.ts';
import { type Block, type FactName, KINDS, SPAN_FIELDS, TEXT_FIELD_COUNT, VALUE_TYPE } from './format.ts';

/** The tables of one page: each string and shape is written once and then referred to by number. */
export interface Encoder {
  readonly strings: Map<string, number>;
  readonly shapes: Map<string, number>;
  /** Length of the table in the page. Long texts are not in the map. */
  stringCount: number;
}

export function createEncoder(): Encoder {
  return { strings: new Map(), shapes: new Map(), stringCount: 0 };
}

/** A block under construction, with the values that the next differences are relative to. */
interface Draft {
  readonly strings: string[];
  readonly shapes: number[][];
  readonly spans: number[];
  readonly values: number[];
  readonly events: number[];
  readonly links: number[];
  /** By field of a span. */
  readonly before: number[];
  /** By the string index of the key. */
  readonly textBefore: Map<number, number>;
}

/** Longer texts are content, which is rarely equal, so they are not kept for comparison. */
const INTERN_LIMIT_CHARS = 256;

/** Encodes the spans as one block and adds its new strings and shapes to the encoder's tables. */
export function encodeBlock(encoder: Encoder, spans: readonly FinishedSpan[]): Block {
  const draft: Draft = {
    strings: [],
    shapes: [],
    spans: [],
    values: [],
    events: [],
    links: [],
    before: new Array(SPAN_FIELDS.count).fill(0),
    textBefore: new Map(),
  };
  spans.forEach((span, position) => {
    addSpan(encoder, draft, span, position);
  });
  const { before: _before, textBefore: _textBefore, ...block } = draft;
  return block;
}

function addSpan(encoder: Encoder, draft: Draft, span: FinishedSpan, position: number): void {
  const { agent, otel } = span;
  const facts = factsOf(span);
  const row = new Array<number>(SPAN_FIELDS.count).fill(0);
  row[SPAN_FIELDS.id] = stringIndex(encoder, draft, otel.spanId);
  row[SPAN_FIELDS.trace] = stringIndex(encoder, draft, otel.traceId);
  row[SPAN_FIELDS.parent] =
    otel.parentSpanId === undefined ? 0 : stringIndex(encoder, draft, otel.parentSpanId) + 1;
  row[SPAN_FIELDS.session] = stringIndex(encoder, draft, agent.sessionId);
  row[SPAN_FIELDS.name] = stringIndex(encoder, draft, otel.name);
  row[SPAN_FIELDS.kind] = KINDS.indexOf(agent.kind);
  row[SPAN_FIELDS.start] = otel.startTime;
  row[SPAN_FIELDS.duration] = otel.endTime - otel.startTime;
  row[SPAN_FIELDS.flags] = otel.status.code + 4 * otel.kind;
  row[SPAN_FIELDS.attributesShape] = addValues(encoder, draft, otel.attributes);
  row[SPAN_FIELDS.factsShape] = addValues(encoder, draft, facts);
  row.forEach((value, field) => {
    const differs = field < TEXT_FIELD_COUNT || field === SPAN_FIELDS.start;
    draft.spans.push(differs ? value - (draft.before[field] ?? 0) : value);
    draft.before[field] = value;
  });
  addEvents(encoder, draft, span, position);
  addLinks(encoder, draft, span, position);
}

function addEvents(encoder: Encoder, draft: Draft, { otel }: FinishedSpan, position: number): void {
  for (const event of otel.events) {
    const values: number[] = [];
    const shape = addPlainValues(encoder, draft, values, event.attributes);
    const name = stringIndex(encoder, draft, event.name);
    draft.events.push(position, event.time - otel.startTime, name, shape, ...values);
  }
}

function addLinks(encoder: Encoder, draft: Draft, { otel }: FinishedSpan, position: number): void {
  for (const link of otel.links) {
    const values: number[] = [];
    const shape = addPlainValues(encoder, draft, values, link.attributes);
    const trace = stringIndex(encoder, draft, link.traceId);
    draft.links.push(position, trace, stringIndex(encoder, draft, link.spanId), shape, ...values);
  }
}

/** Appends the values to the block and returns the number of their shape. */
function addValues(encoder: Encoder, draft: Draft, attributes: Attributes): number {
  const { shape, values } = split(encoder, draft, attributes);
  for (const { key, index, number } of values) {
    if (index === undefined) draft.values.push(number);
    else {
      draft.values.push(index - (draft.textBefore.get(key) ?? 0));
      draft.textBefore.set(key, index);
    }
  }
  return shapeIndex(encoder, draft, shape);
}

/** The same for events and links, with plain indexes for texts: there are few of them. */
function addPlainValues(encoder: Encoder, draft: Draft, into: number[], attributes: Attributes): number {
  const { shape, values } = split(encoder, draft, attributes);
  for (const { index, number } of values) into.push(index ?? number);
  return shapeIndex(encoder, draft, shape);
}

interface SplitValue {
  /** The string index of the key. */
  readonly key: number;
  /** The string index of a text; `undefined` for a number. */
  readonly index: number | undefined;
  readonly number: number;
}

interface Split {
  readonly shape: number[];
  readonly values: readonly SplitValue[];
}

function split(encoder: Encoder, draft: Draft, attributes: Attributes): Split {
  const shape: number[] = [];
  const values: SplitValue[] = [];
  for (const name of Object.keys(attributes)) {
    const value = attributes[name];
    if (value === undefined) continue;
    const key = stringIndex(encoder, draft, name);
    const { type, text, number } = written(value);
    shape.push(key, type);
    if (text !== undefined) values.push({ key, index: stringIndex(encoder, draft, text), number: 0 });
    if (number !== undefined) values.push({ key, index: undefined, number });
  }
  return { shape, values };
}

interface Written {
  readonly type: number;
  readonly text?: string;
  readonly number?: number;
}

function written(value: AttributeValue): Written {
  if (typeof value === 'string') return { type: VALUE_TYPE.text, text: value };
  if (typeof value === 'boolean') return { type: value ? VALUE_TYPE.yes : VALUE_TYPE.no };
  if (typeof value === 'number') return writtenNumber(value);
  if ('double' in value) return writtenNumber(value.double);
  return { type: VALUE_TYPE.list, text: JSON.stringify(value) };
}

/** NaN and the infinities are written as texts, because JSON has no such numbers. */
function writtenNumber(value: number): Written {
  return Number.isFinite(value)
    ? { type: VALUE_TYPE.number, number: value }
    : { type: VALUE_TYPE.text, text: String(value) };
}

function stringIndex(encoder: Encoder, draft: Draft, text: string): number {
  const known = encoder.strings.get(text);
  if (known !== undefined) return known;
  const index = encoder.stringCount;
  encoder.stringCount += 1;
  draft.strings.push(text);
  if (text.length <= INTERN_LIMIT_CHARS) encoder.strings.set(text, index);
  return index;
}

function shapeIndex(encoder: Encoder, draft: Draft, shape: number[]): number {
  const name = shape.join();
  const known = encoder.shapes.get(name);
  if (known !== undefined) return known;
  const index = encoder.shapes.size;
  encoder.shapes.set(name, index);
  draft.shapes.push(shape);
  return index;
}

type Fact = string | number | boolean | undefined;
type Facts = Partial<Record<FactName, Fact>>;

/**
 * What the viewer needs beyond the attributes: labels, totals and charts use these, so they are the same under every
 * naming convention. A fact that is unknown or `false` is absent.
 */
export function factsOf(span: FinishedSpan): Attributes {
  const { agent, otel } = span;
  const facts: Facts = {
    ...factsByKind(agent),
    ...figureFacts(agent),
    incomplete: agent.incomplete,
    synthetic: agent.syntheticTime || undefined,
    message: otel.status.message,
  };
  return withoutUndefined(facts);
}

function factsByKind(agent: AgentSpan): Facts {
  switch (agent.kind) {
    case 'session':
      return { model: agent.model, platform: agent.platform, previous: agent.previousSessionId };
    case 'turn':
      return turnFacts(agent);
    case 'api_call':
      return { ...callFacts(agent), firstChunkMicros: agent.timeToFirstChunkMicros };
    case 'auxiliary_call':
      return { ...callFacts(agent), tool: agent.auxTask };
    case 'tool_call':
      return {
        tool: agent.toolName,
        outcome: agent.status,
        errorType: agent.errorType,
        background: agent.background || undefined,
      };
    case 'approval':
      return { choice: agent.choice, granted: agent.granted, timedOut: agent.timedOut || undefined };
    case 'subagent':
      return {
        role: agent.role,
        outcome: agent.status,
        child: agent.childSessionId,
        model: agent.model,
      };
    default:
      return agent satisfies never;
  }
}

function turnFacts(agent: TurnSpan): Facts {
  return {
    index: agent.index,
    outcome: agent.finalStatus,
    model: agent.model,
    background: agent.background || undefined,
    inSubagent: agent.inSubagent || undefined,
  };
}

function callFacts(agent: ApiCallSpan | AuxiliaryCallSpan): Facts {
  return {
    model: agent.responseModel ?? agent.model,
    attempt: agent.retryCount || undefined,
    answered: agent.answered,
    background: agent.background || undefined,
    errorType: agent.error?.type,
    cacheWriteTokens: agent.usage?.cacheWriteTokens || undefined,
    reasoningTokens: agent.usage?.reasoningTokens || undefined,
  };
}

/** What the span adds to the figures. Input tokens are whole prompts. */
function figureFacts(agent: AgentSpan): Facts {
  const { tokens, cost } = countedOf(agent);
  return {
    inputTokens: tokens?.unknown === 'input' ? undefined : tokens?.input,
    outputTokens: tokens?.unknown === 'output' ? undefined : tokens?.output,
    cacheReadTokens: tokens?.cached || undefined,
    cost,
  };
}

function withoutUndefined(facts: Facts): Attributes {
  const known: Attributes = {};
  for (const [name, value] of Object.entries(facts)) {
    if (value !== undefined) known[name] = value;
  }
  return known;
}
