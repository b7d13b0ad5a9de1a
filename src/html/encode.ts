import { countedOf } from '../model/figures.ts';
import type { MessagePart } from '../model/message.ts';
import type { Attributes, AttributeValue } from '../model/otel.ts';
import { cut } from '../model/safe-text.ts';
import type { FinishedSpan } from '../model/sink.ts';
import type { AgentSpan, ApiCallSpan, AuxiliaryCallSpan, TurnSpan } from '../model/span.ts';
import { resultText, toolLine } from '../model/tool-text.ts';
import { type Block, type FactName, KINDS, SPAN_FIELDS, TEXT_FIELD_COUNT, VALUE_TYPE } from './format.ts';

/** The tables of one page: each string and shape is written once and then referred to by number. */
export type Encoder = ReturnType<typeof createEncoder>;

/** @param content true: what was said becomes facts, where the spans have it */
export function createEncoder(content: boolean) {
  // `stringCount` is the length of the table in the page. Long texts are not in the map.
  return { content, strings: new Map<string, number>(), shapes: new Map<string, number>(), stringCount: 0 };
}

/** A block under construction, with the values that the next differences are relative to. */
type Draft = ReturnType<typeof startBlock>;

function startBlock(encoder: Encoder) {
  const block: { readonly [K in keyof Block]: Block[K][number][] } = {
    strings: [],
    shapes: [],
    spans: [],
    values: [],
    events: [],
    links: [],
  };
  return {
    encoder,
    block,
    /** By field of a span. */
    before: new Array<number>(SPAN_FIELDS.count).fill(0),
    /** By the string index of the key. */
    textBefore: new Map<number, number>(),
  };
}

/** Longer texts are content, which is rarely equal, so they are not kept for comparison. */
const INTERN_LIMIT_CHARS = 256;

/** Encodes the spans as one block and adds its new strings and shapes to the encoder's tables. */
export function encodeBlock(encoder: Encoder, spans: readonly FinishedSpan[]): Block {
  const draft = startBlock(encoder);
  spans.forEach((span, position) => {
    addSpan(draft, span, position);
  });
  return draft.block;
}

function addSpan(draft: Draft, span: FinishedSpan, position: number): void {
  const { agent, otel } = span;
  const { block, before } = draft;
  const row = new Array<number>(SPAN_FIELDS.count).fill(0);
  row[SPAN_FIELDS.id] = stringIndex(draft, otel.spanId);
  row[SPAN_FIELDS.trace] = stringIndex(draft, otel.traceId);
  row[SPAN_FIELDS.parent] = otel.parentSpanId === undefined ? 0 : stringIndex(draft, otel.parentSpanId) + 1;
  row[SPAN_FIELDS.session] = stringIndex(draft, agent.sessionId);
  row[SPAN_FIELDS.name] = stringIndex(draft, otel.name);
  row[SPAN_FIELDS.kind] = KINDS.indexOf(agent.kind);
  row[SPAN_FIELDS.start] = otel.startTime;
  row[SPAN_FIELDS.duration] = otel.endTime - otel.startTime;
  row[SPAN_FIELDS.flags] = otel.status.code + 4 * otel.kind;
  row[SPAN_FIELDS.attributesShape] = addValues(draft, block.values, otel.attributes, draft.textBefore);
  row[SPAN_FIELDS.factsShape] = addValues(
    draft,
    block.values,
    factsOf(span, draft.encoder.content),
    draft.textBefore,
  );
  row.forEach((value, field) => {
    const differs = field < TEXT_FIELD_COUNT || field === SPAN_FIELDS.start;
    block.spans.push(differs ? value - (before[field] ?? 0) : value);
    before[field] = value;
  });
  for (const event of otel.events) {
    const values: number[] = [];
    const shape = addValues(draft, values, event.attributes);
    block.events.push(
      position,
      event.time - otel.startTime,
      stringIndex(draft, event.name),
      shape,
      ...values,
    );
  }
  for (const link of otel.links) {
    const values: number[] = [];
    const shape = addValues(draft, values, link.attributes);
    const trace = stringIndex(draft, link.traceId);
    block.links.push(position, trace, stringIndex(draft, link.spanId), shape, ...values);
  }
}

/**
 * Appends the values to `into`, texts as string indexes, and returns the number of their shape.
 * @param textBefore the previous text under each key, to write differences; absent for events and links, which are few
 */
function addValues(
  draft: Draft,
  into: number[],
  attributes: Attributes,
  textBefore?: Map<number, number>,
): number {
  const shape: number[] = [];
  for (const name of Object.keys(attributes)) {
    const value = attributes[name];
    if (value === undefined) continue;
    const key = stringIndex(draft, name);
    const [type, written] = writtenAs(value);
    shape.push(key, type);
    if (typeof written === 'number') into.push(written);
    if (typeof written !== 'string') continue;
    const index = stringIndex(draft, written);
    into.push(index - (textBefore?.get(key) ?? 0));
    textBefore?.set(key, index);
  }
  return shapeIndex(draft, shape);
}

/** The type of a value and what is written for it. */
function writtenAs(value: AttributeValue): readonly [type: number, written?: string | number] {
  if (typeof value === 'string') return [VALUE_TYPE.text, value];
  if (typeof value === 'boolean') return [value ? VALUE_TYPE.yes : VALUE_TYPE.no];
  const number = typeof value === 'object' && 'double' in value ? value.double : value;
  if (typeof number !== 'number') return [VALUE_TYPE.list, JSON.stringify(number)];
  // JSON has no NaN and no infinities, so these are texts.
  return Number.isFinite(number) ? [VALUE_TYPE.number, number] : [VALUE_TYPE.text, String(number)];
}

function stringIndex({ encoder, block }: Draft, text: string): number {
  const known = encoder.strings.get(text);
  if (known !== undefined) return known;
  const index = encoder.stringCount;
  encoder.stringCount += 1;
  block.strings.push(text);
  if (text.length <= INTERN_LIMIT_CHARS) encoder.strings.set(text, index);
  return index;
}

function shapeIndex({ encoder, block }: Draft, shape: number[]): number {
  const name = shape.join();
  const known = encoder.shapes.get(name);
  if (known !== undefined) return known;
  const index = encoder.shapes.size;
  encoder.shapes.set(name, index);
  block.shapes.push(shape);
  return index;
}

type Facts = Partial<Record<FactName, string | number | boolean | undefined>>;

/**
 * What the viewer needs beyond the attributes: labels, totals and charts use these, so they are the same under every
 * naming convention. A fact that is unknown or `false` is absent.
 */
export function factsOf(span: FinishedSpan, content: boolean): Attributes {
  const { agent, otel } = span;
  const facts: Facts = {
    ...factsByKind(agent),
    ...(content ? contentFacts(agent) : {}),
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
  };
}

/** Maximum lengths of content in UTF-16 units. */
const CONTENT_CHARS = { message: 20_000, line: 400, result: 4_000 } as const;

/** What was said and done, where the span has content. */
function contentFacts(agent: AgentSpan): Facts {
  switch (agent.kind) {
    case 'turn':
      return { said: message(agent.userMessage), answer: message(agent.assistantResponse) };
    case 'api_call': {
      const parts = agent.response?.messages?.flatMap((each) => each.parts) ?? [];
      return { thought: textOf(parts, 'reasoning'), answer: textOf(parts, 'text') };
    }
    case 'tool_call':
      return {
        line: agent.args && cut(toolLine(agent.toolName, agent.args), CONTENT_CHARS.line),
        result: agent.result && cut(resultText(agent.result), CONTENT_CHARS.result),
      };
    case 'approval':
      return { said: message(agent.command) };
    case 'subagent':
      return { said: message(agent.goal), answer: message(agent.summary) };
    case 'session':
    case 'auxiliary_call':
      return {};
    default:
      return agent satisfies never;
  }
}

function textOf(parts: readonly MessagePart[], kind: 'reasoning' | 'text'): string | undefined {
  const texts = parts.flatMap((part) => (part.kind === kind ? [part.text] : []));
  return texts.length === 0 ? undefined : message(texts.join('\n\n'));
}

function message(text: string | undefined): string | undefined {
  return text === undefined ? undefined : cut(text, CONTENT_CHARS.message);
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
