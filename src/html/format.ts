import type { AgentSpanKind } from '../model/span.ts';

/**
 * The data inside the page: what `encode.ts` writes and the viewer reads. Plain JSON, because it opens everywhere and
 * because compressed bytes differ from one zlib to the next, while the same spans must give the same page.
 *
 * A page holds any number of blocks, each in a `<script type="application/json">` of its own, so that writing keeps
 * only one block of spans in memory and no string in the browser grows without bound.
 */
export interface Block {
  /** Strings of this block that no earlier block had: they go to the end of the one string table. */
  readonly strings: readonly string[];
  /** New shapes, likewise: the keys and types of a set of attributes, as `[key, type, key, type…]`. */
  readonly shapes: readonly (readonly number[])[];
  /** `SPAN_FIELDS` numbers per span. */
  readonly spans: readonly number[];
  /**
   * Per span the values of its attributes, then those of its facts, in the order of the two shapes. A text is its
   * index in the table, as the difference to the text before it under the same key.
   */
  readonly values: readonly number[];
  /** Per span event: span (counted in the block), micros after the span's start, name, shape, and the plain values. */
  readonly events: readonly number[];
  /** Per link: span (counted in the block), trace id, span id, shape, and the plain values. */
  readonly links: readonly number[];
}

/**
 * What stands for a span, in this order. The fields before `kind` are indexes into the string table, written as the
 * difference to the span before: neighbours share most of them, and a difference is short.
 */
export const SPAN_FIELDS = {
  id: 0,
  trace: 1,
  /** Index + 1, so that 0 is no parent. */
  parent: 2,
  session: 3,
  name: 4,
  /** Index into `KINDS`. */
  kind: 5,
  /** Micros since the epoch, as the difference to the span before. */
  start: 6,
  /** Micros. */
  duration: 7,
  /** OpenTelemetry's status code + 4 × its span kind. */
  flags: 8,
  attributesShape: 9,
  factsShape: 10,
  count: 11,
} as const;

/** The first five fields are differences of string indexes. */
export const TEXT_FIELD_COUNT = 5;

export const KINDS = [
  'session',
  'turn',
  'api_call',
  'tool_call',
  'approval',
  'subagent',
  'auxiliary_call',
] as const satisfies readonly AgentSpanKind[];

/** How a value of a shape is written. Truth values are part of the shape and cost nothing. */
export const VALUE_TYPE = { text: 0, number: 1, yes: 2, no: 3, list: 4 } as const;

/** The ids of the page's elements that carry data. */
export const ELEMENT = { about: 'about', block: 'spans', end: 'end', root: 'root' } as const;

/** What the page says of itself. */
export interface About {
  readonly title: string;
  /** Name and version of what wrote the page. */
  readonly generator: string;
  /** What is the same for all spans: `[key, text]`. */
  readonly resource: readonly (readonly [string, string])[];
}

/** The last data in the file: without it, the file was cut. */
export interface End {
  readonly spans: number;
}

/**
 * What the viewer shows of a span beyond OpenTelemetry: the names of Hermes's own facts, whatever the convention the
 * attributes are named by.
 */
export type FactName =
  | 'answered'
  | 'attempt'
  | 'background'
  | 'cacheReadTokens'
  | 'cacheWriteTokens'
  | 'child'
  | 'choice'
  | 'errorType'
  | 'firstChunkMicros'
  | 'granted'
  | 'incomplete'
  | 'index'
  | 'inputTokens'
  | 'message'
  | 'model'
  | 'outcome'
  | 'outputTokens'
  | 'platform'
  | 'reasoningTokens'
  | 'role'
  | 'synthetic'
  | 'timedOut'
  | 'tool';
