import type { AgentSpanKind } from '../model/span.ts';

/**
 * The data inside the page, which `encode.ts` writes and the viewer reads. It is plain JSON because compressed bytes
 * differ between versions of zlib, and the same spans must give the same page.
 *
 * A page has any number of blocks, each in its own `<script type="application/json">`, so that the writer holds one
 * block in memory and strings in the browser stay short.
 */
export interface Block {
  /** Strings that no earlier block has. They are appended to the string table of the page. */
  readonly strings: readonly string[];
  /** New shapes: the keys and types of a set of attributes, as `[key, type, key, type…]`. */
  readonly shapes: readonly (readonly number[])[];
  /** `SPAN_FIELDS` numbers per span. */
  readonly spans: readonly number[];
  /**
   * For each span the values of its attributes, then of its facts, in the order of the two shapes. A text is its index
   * in the table, as the difference to the previous text under the same key.
   */
  readonly values: readonly number[];
  /** For each span event: index of the span in the block, micros after its start, name, shape, and the plain values. */
  readonly events: readonly number[];
  /** For each link: index of the span in the block, trace id, span id, shape, and the plain values. */
  readonly links: readonly number[];
}

/**
 * The fields of a span, in this order. Those before `kind` are indexes into the string table, written as the
 * difference to the previous span, which is short.
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
  /** Micros since the epoch, as the difference to the previous span. */
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

/** How a value is written. Booleans are part of the shape and need no value. */
export const VALUE_TYPE = { text: 0, number: 1, yes: 2, no: 3, list: 4 } as const;

/** The elements of the page that carry data. */
export const ELEMENT = { about: 'about', block: 'spans', end: 'end', root: 'root' } as const;

/** Metadata of the page. */
export interface About {
  readonly title: string;
  /** Name and version of what wrote the page. */
  readonly generator: string;
  /** The attributes of the resource: `[key, text]`. */
  readonly resource: readonly (readonly [string, string])[];
}

/** The last data in the file. Without it the file is truncated. */
export interface End {
  readonly spans: number;
}

/**
 * The names of the facts that the viewer shows beyond OpenTelemetry's attributes. They do not depend on the naming
 * convention. Content: `said` (the prompt of a turn, the goal of a sub-agent, the command of an approval), `thought`,
 * `line` (a tool call as a person writes it), `result` and `answer`.
 */
export type FactName =
  | 'answer'
  | 'answered'
  | 'attempt'
  | 'background'
  | 'cacheReadTokens'
  | 'child'
  | 'choice'
  | 'cost'
  | 'errorType'
  | 'firstChunkMicros'
  | 'granted'
  | 'incomplete'
  | 'inSubagent'
  | 'index'
  | 'inputTokens'
  | 'line'
  | 'message'
  | 'model'
  | 'outcome'
  | 'outputTokens'
  | 'platform'
  | 'previous'
  | 'result'
  | 'role'
  | 'said'
  | 'synthetic'
  | 'thought'
  | 'timedOut'
  | 'tool';
