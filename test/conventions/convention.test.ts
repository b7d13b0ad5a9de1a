import { describe, expect, test } from '@jest/globals';
import { convention } from '../../src/conventions/convention.ts';
import { CONVENTION_NAMES, type ConventionName } from '../../src/conventions/names.ts';
import { type Attributes, type OtelSpan, SPAN_KIND } from '../../src/model/otel.ts';
import type { AgentSpan, IncompleteReason } from '../../src/model/span.ts';
import {
  ALL,
  apiCall,
  auxiliaryCall,
  END,
  failedCall,
  PARENT_ID,
  rateLimit,
  SPAN_ID,
  START,
  session,
  subagent,
  TRACE_ID,
  toolCall,
  turn,
} from './spans.ts';

const options = { captureContent: true };
const hermes = convention(['hermes'], options);

/** The one attribute whose value another convention decides. */
function inputOf(span: OtelSpan | undefined): Attributes {
  const input = span?.attributes['gen_ai.usage.input_tokens'];
  return input === undefined ? {} : { 'gen_ai.usage.input_tokens': input };
}

describe('several conventions on one span', () => {
  test.each<[readonly ConventionName[], string]>([
    [['hermes'], 'hermes.turn'],
    [['gen-ai', 'hermes'], 'hermes.turn'],
    [['openinference', 'gen-ai'], 'invoke_agent hermes'],
    [['openinference', 'hermes', 'gen-ai'], 'hermes.turn'],
    [['openinference'], 'hermes.turn'],
  ])('%j names a turn %s', (names, name) => {
    expect(convention(names, options).toSpan(turn()).name).toBe(name);
  });

  test.each(ALL.map((span) => [span.kind, span] as const))(
    'a %s has the attributes of each',
    (_kind, span) => {
      const [first, second, third, fourth] = CONVENTION_NAMES.map((name) =>
        convention([name], options).toSpan(span),
      );
      const merged = convention(CONVENTION_NAMES, options).toSpan(span);
      expect(merged).toEqual({
        ...first,
        attributes: {
          ...fourth?.attributes,
          ...third?.attributes,
          ...second?.attributes,
          ...first?.attributes,
          ...inputOf(second),
        },
      });
    },
  );

  test.each<[readonly ConventionName[], number]>([
    [['hermes'], 120],
    [['gen-ai'], 9150],
    [['gen-ai', 'hermes'], 9150],
    [['hermes', 'openinference'], 9150],
  ])('%j counts %i input tokens: cached ones too, unless the live plugin is alone', (names, input) => {
    const chosen = convention(names, options);
    expect(chosen.toSpan(apiCall()).attributes['gen_ai.usage.input_tokens']).toBe(input);
    const tokens = chosen
      .measure(apiCall())
      .filter(({ attributes }) => attributes['gen_ai.token.type'] === 'input');
    expect(tokens.map(({ value }) => value)).toEqual([input]);
  });
});

describe('ids, times and kinds pass unchanged', () => {
  test.each(ALL.map((span) => [span.kind, span] as const))('%s', (kind, span) => {
    expect(hermes.toSpan(span)).toMatchObject({
      traceId: TRACE_ID,
      spanId: SPAN_ID,
      parentSpanId: kind === 'session' ? undefined : PARENT_ID,
      startTime: START,
      endTime: END,
      kind: kind === 'api_call' || kind === 'auxiliary_call' ? SPAN_KIND.client : SPAN_KIND.internal,
    });
  });
});

describe('status', () => {
  const unset = { code: 0, message: undefined };
  const error = (message: string) => ({ code: 2, message });
  test.each<[string, AgentSpan, { code: number; message: string | undefined }]>([
    ['nothing wrong is unset', turn(), unset],
    ['a failed attempt', failedCall(), error('Error code: 429 - slow down')],
    [
      'a failed attempt without a message has the reason',
      failedCall({ error: { ...rateLimit, message: undefined } }),
      error('rate_limit'),
    ],
    [
      'a failed attempt of which nothing is known has the class',
      failedCall({ error: { ...rateLimit, type: '_OTHER', message: undefined, reason: undefined } }),
      error('_OTHER'),
    ],
    [
      'an attempt that failed is an error although its end is not in the log',
      failedCall({ incomplete: 'next_call' }),
      error('Error code: 429 - slow down'),
    ],
    ['an attempt without an end is unset', apiCall({ answered: false, incomplete: 'turn_end' }), unset],
    ['a failed auxiliary call', auxiliaryCall({ error: rateLimit }), error('Error code: 429 - slow down')],
    [
      'a tool that failed',
      toolCall({ status: 'error', errorMessage: 'no such file' }),
      error('no such file'),
    ],
    ['a tool that failed without a message', toolCall({ status: 'error' }), error('tool_error')],
    ['a tool that ran out of time', toolCall({ status: 'timeout' }), error('tool_timeout')],
    ['a blocked tool', toolCall({ status: 'blocked', errorMessage: 'not allowed' }), unset],
    ['a cancelled tool', toolCall({ status: 'cancelled' }), unset],
    ['a tool without an end', toolCall({ status: undefined, incomplete: 'turn_end' }), unset],
    [
      'a failed turn',
      turn({ finalStatus: 'failed', exitReason: 'budget_exhausted' }),
      error('budget_exhausted'),
    ],
    [
      'a failed turn without a reason',
      turn({ finalStatus: 'failed', exitReason: undefined }),
      error('the turn failed'),
    ],
    ['an interrupted turn', turn({ finalStatus: 'interrupted', interrupted: true }), unset],
    ['an incomplete turn', turn({ finalStatus: 'incomplete', incomplete: 'end_of_input' }), unset],
    ['a sub-agent that failed', subagent({ status: 'failed' }), error('failed')],
    ['an interrupted sub-agent', subagent({ status: 'interrupted' }), unset],
    ['a session that was interrupted', session({ interrupted: true }), unset],
  ])('%s', (_claim, span, status) => {
    expect(hermes.toSpan(span).status).toEqual(status);
  });

  test('a long message is cut to 256 characters', () => {
    const { message } = hermes.toSpan(toolCall({ status: 'error', errorMessage: 'x'.repeat(400) })).status;
    expect(message).toBe('x'.repeat(256));
  });
});

describe('span events', () => {
  test('a failed call ends with its exception', () => {
    expect(hermes.toSpan(failedCall()).events).toStrictEqual([
      {
        time: END,
        name: 'exception',
        attributes: {
          'exception.type': 'RateLimitError',
          'exception.message': 'Error code: 429 - slow down',
        },
      },
    ]);
  });

  test('an exception without a message has none', () => {
    const [event] = hermes.toSpan(auxiliaryCall({ error: { ...rateLimit, message: undefined } })).events;
    expect(event?.attributes).toStrictEqual({ 'exception.type': 'RateLimitError' });
  });

  test('a tool that failed has no exception: its status says it', () => {
    expect(hermes.toSpan(toolCall({ status: 'error' })).events).toEqual([]);
  });

  test('fields of a hook get a prefix, and whole numbers stay integers', () => {
    const fields = {
      skill: 'pdf',
      ratio: 0.5,
      count: 2,
      ok: true,
      'url.path': '/x',
    };
    const span = turn({ events: [{ time: START, name: 'on_skill_lifecycle', fields }] });
    expect(hermes.toSpan(span).events).toStrictEqual([
      {
        time: START,
        name: 'on_skill_lifecycle',
        attributes: {
          'hermes.skill': 'pdf',
          'hermes.ratio': { double: 0.5 },
          'hermes.count': 2,
          'hermes.ok': true,
          'url.path': '/x',
        },
      },
    ]);
  });
});

test('a link says what the linked span is', () => {
  const link = { traceId: TRACE_ID, spanId: PARENT_ID, relation: 'previous_turn' } as const;
  expect(hermes.toSpan(turn({ links: [link] })).links).toStrictEqual([
    { traceId: TRACE_ID, spanId: PARENT_ID, attributes: { 'hermes.link.relation': 'previous_turn' } },
  ]);
});

test('where the times are from, and when a span began before its times were moved', () => {
  const marks = (fields: Partial<AgentSpan>) => {
    const { attributes } = hermes.toSpan({ ...toolCall(), ...fields } as AgentSpan);
    return Object.fromEntries(Object.entries(attributes).filter(([name]) => name.startsWith('hermes.time.')));
  };
  expect(marks({})).toStrictEqual({});
  expect(marks({ timeSource: 'row' })).toStrictEqual({ 'hermes.time.source': 'row' });
  expect(marks({ originalStartTime: START })).toStrictEqual({
    'hermes.time.original_start': '2026-09-15T10:15:01.123Z',
  });
});

test('the class of a failed turn is its exit reason without the bracket', () => {
  const classOf = (exitReason: string | undefined) =>
    hermes.toSpan(turn({ finalStatus: 'failed', exitReason })).attributes['error.type'];
  expect(['max_iterations_reached(90/90)', 'budget', '(odd)', undefined].map(classOf)).toEqual([
    'max_iterations_reached',
    'budget',
    '(odd)',
    '_OTHER',
  ]);
});

describe('what the reconstruction says about itself stands under every convention', () => {
  test.each(CONVENTION_NAMES)('%s', (name) => {
    const reason: IncompleteReason = 'end_of_input';
    const span = toolCall({ incomplete: reason, syntheticTime: true });
    expect(convention([name], options).toSpan(span).attributes).toMatchObject({
      'hermes.incomplete': true,
      'hermes.incomplete.reason': 'end_of_input',
      'hermes.time.synthetic': true,
    });
  });
});
