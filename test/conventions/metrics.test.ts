import { describe, expect, test } from '@jest/globals';
import { convention } from '../../src/conventions/convention.ts';
import { CONVENTION_NAMES, type ConventionName } from '../../src/conventions/names.ts';
import type { Attributes } from '../../src/model/otel.ts';
import type { AgentSpan, ModelUsage } from '../../src/model/span.ts';
import {
  apiCall,
  approval,
  auxiliaryCall,
  cost,
  failedCall,
  noUsage,
  rateLimit,
  START,
  session,
  subagent,
  toolCall,
  turn,
  unanswered,
} from './spans.ts';

const hermes = convention(['hermes'], { captureContent: false });
const genAi = convention(['gen-ai'], { captureContent: false });

const DURATION = 'gen_ai.client.operation.duration';
const TOKENS = 'gen_ai.client.token.usage';
const FIRST_CHUNK = 'gen_ai.client.operation.time_to_first_chunk';

type Row = readonly [instrument: string, value: number, attributes: Attributes];

function rows(measure: typeof hermes.measure, span: AgentSpan): Row[] {
  return measure(span).map(({ instrument, value, attributes }) => [instrument, value, attributes]);
}

const call = {
  'gen_ai.operation.name': 'chat',
  'gen_ai.system': 'hermes-agent',
  'gen_ai.request.model': 'claude-sonnet-4-6',
  'gen_ai.response.model': 'claude-sonnet-4-6-20260217',
  'hermes.provider': 'xai',
};
const { 'gen_ai.response.model': _answered, ...request } = call;
const aux = {
  'gen_ai.operation.name': 'chat',
  'gen_ai.system': 'hermes-agent',
  'gen_ai.request.model': 'gemini-3-flash',
  'gen_ai.response.model': 'gemini-3-flash',
  'hermes.provider': 'openrouter',
  'hermes.aux_task': 'title',
};
const turnLabels = { 'gen_ai.system': 'hermes-agent', 'gen_ai.request.model': 'claude-sonnet-4-6' };

function tokens(labels: Attributes, input: number, output: number): Row[] {
  return [
    [TOKENS, input, { ...labels, 'gen_ai.token.type': 'input' }],
    [TOKENS, output, { ...labels, 'gen_ai.token.type': 'output' }],
  ];
}

function perTurn(labels: Attributes): Row[] {
  return [
    ['hermes.turn.duration', 2, labels],
    ['hermes.turn.api_call_count', 2, labels],
    ['hermes.turn.tool_call_count', 4, labels],
  ];
}

describe('hermes measures', () => {
  test.each<[string, AgentSpan, Row[]]>([
    ['an answered call', apiCall(), [[DURATION, 2, call], [FIRST_CHUNK, 1, call], ...tokens(call, 120, 48)]],
    [
      'an answer that was not streamed',
      apiCall({ timeToFirstChunkMicros: undefined }),
      [[DURATION, 2, call], ...tokens(call, 120, 48)],
    ],
    [
      'no tokens where none were reported',
      apiCall({ timeToFirstChunkMicros: undefined, usage: undefined }),
      [[DURATION, 2, call]],
    ],
    [
      'only the tokens that were reported',
      apiCall({ timeToFirstChunkMicros: undefined, usage: { ...noUsage, outputTokens: 0 } }),
      [
        [DURATION, 2, call],
        [TOKENS, 0, { ...call, 'gen_ai.token.type': 'output' }],
      ],
    ],
    [
      'a failed attempt, kept apart',
      failedCall(),
      [[DURATION, 2, { ...request, 'error.type': 'RateLimitError' }]],
    ],
    ['nothing of an attempt without an end', apiCall({ ...unanswered, incomplete: 'turn_end' }), []],
    ['an auxiliary call, kept apart', auxiliaryCall(), [[DURATION, 2, aux], ...tokens(aux, 120, 48)]],
    [
      'a failed auxiliary call',
      auxiliaryCall({ ...unanswered, error: rateLimit }),
      [
        [
          DURATION,
          2,
          {
            'gen_ai.operation.name': 'chat',
            'gen_ai.system': 'hermes-agent',
            'gen_ai.request.model': 'gemini-3-flash',
            'hermes.provider': 'openrouter',
            'hermes.aux_task': 'title',
            'error.type': 'RateLimitError',
          },
        ],
      ],
    ],
    ['a tool call', toolCall(), [['hermes.tool.duration', 2, { 'hermes.tool.name': 'terminal' }]]],
    [
      'a tool call without an end, kept apart',
      toolCall({ incomplete: 'turn_end' }),
      [['hermes.tool.duration', 2, { 'hermes.tool.name': 'terminal', 'hermes.incomplete': true }]],
    ],
    [
      'a turn',
      turn(),
      [...perTurn(turnLabels), ['hermes.session.turn_count', 1, { ...turnLabels, 'hermes.platform': 'cli' }]],
    ],
    ['a background turn, which is no turn of the session', turn({ background: true }), perTurn(turnLabels)],
    [
      'a turn of which little is known',
      turn({ model: undefined, platform: undefined, incomplete: 'idle' }),
      [
        ...perTurn({ 'gen_ai.system': 'hermes-agent', 'hermes.incomplete': true }),
        ['hermes.session.turn_count', 1, { 'gen_ai.system': 'hermes-agent', 'hermes.incomplete': true }],
      ],
    ],
    ['no session', session(), []],
    ['no approval', approval(), []],
    ['no sub-agent: its turns measure themselves', subagent(), []],
  ])('%s', (_claim, span, expected) => {
    expect(rows(hermes.measure, span)).toStrictEqual(expected);
  });
});

describe('gen-ai measures', () => {
  const labels = {
    'gen_ai.operation.name': 'chat',
    'gen_ai.provider.name': 'x_ai',
    'gen_ai.request.model': 'claude-sonnet-4-6',
    'gen_ai.response.model': 'claude-sonnet-4-6-20260217',
    'server.address': 'api.example.com',
    'server.port': 8443,
  };
  const { 'gen_ai.response.model': _none, ...failed } = labels;
  test.each<[string, AgentSpan, Row[]]>([
    [
      'an answered call, cached tokens counted in',
      apiCall(),
      [
        [DURATION, 2, labels],
        [FIRST_CHUNK, 1, labels],
        ...tokens(labels, 9150, 48),
        [TOKENS, 9000, { ...labels, 'gen_ai.token.type': 'cache_read' }],
        [TOKENS, 30, { ...labels, 'gen_ai.token.type': 'cache_write' }],
        [TOKENS, 7, { ...labels, 'gen_ai.token.type': 'reasoning' }],
      ],
    ],
    ['a failed attempt', failedCall(), [[DURATION, 2, { ...failed, 'error.type': 'RateLimitError' }]]],
    [
      'no tokens of a kind that were not used',
      apiCall({
        usage: { ...noUsage, promptTokens: 5, outputTokens: 1, cacheReadTokens: 0, reasoningTokens: 0 },
      }),
      [[DURATION, 2, labels], [FIRST_CHUNK, 1, labels], ...tokens(labels, 5, 1)],
    ],
    [
      'a tool',
      toolCall({ status: 'error' }),
      [
        [
          'gen_ai.execute_tool.duration',
          2,
          { 'gen_ai.tool.type': 'function', 'gen_ai.tool.name': 'terminal', 'error.type': 'tool_error' },
        ],
      ],
    ],
    [
      'a turn',
      turn(),
      [
        [
          'gen_ai.invoke_agent.duration',
          2,
          { 'gen_ai.agent.name': 'hermes', 'gen_ai.request.model': 'claude-sonnet-4-6' },
        ],
      ],
    ],
  ])('%s', (_claim, span, expected) => {
    expect(rows(genAi.measure, span)).toStrictEqual(expected);
  });
});

test('gen-ai-latest measures tokens in counters of their own, and the calls of a turn', () => {
  const { measure } = convention(['gen-ai-latest'], { captureContent: false });
  const measured = [apiCall(), turn()].flatMap((span) => rows(measure, span));
  expect(measured.map(([name, value]) => [name, value])).toEqual([
    ['gen_ai.client.inference.duration', 2],
    ['gen_ai.client.inference.time_to_first_chunk', 1],
    ['gen_ai.client.inference.usage.input_tokens', 9150],
    ['gen_ai.client.inference.usage.output_tokens', 48],
    ['gen_ai.client.inference.operation.input_tokens', 9150],
    ['gen_ai.client.inference.operation.output_tokens', 48],
    ['gen_ai.client.inference.usage.cache_read.input_tokens', 9000],
    ['gen_ai.client.inference.usage.cache_write.input_tokens', 30],
    ['gen_ai.client.inference.usage.reasoning.output_tokens', 7],
    ['gen_ai.invoke_agent.duration', 2],
    ['gen_ai.invoke_agent.inference_calls', 2],
    ['gen_ai.invoke_agent.tool_calls', 4],
  ]);
  expect(measure(apiCall())[2]?.attributes).not.toHaveProperty('gen_ai.token.type');
});

describe('money is a counter of its own, where a price is known', () => {
  test.each<[ConventionName, Attributes]>([
    ['hermes', { 'gen_ai.system': 'hermes-agent', 'hermes.provider': 'xai' }],
    ['gen-ai', { 'gen_ai.provider.name': 'x_ai' }],
    ['gen-ai-latest', { 'gen_ai.provider.name': 'x_ai' }],
  ])('%s', (name, labels) => {
    const { measure, instruments } = convention([name], { captureContent: false });
    const money = (span: AgentSpan) =>
      rows(measure, span).filter(([instrument]) => instrument === 'hermes.cost');
    const common = {
      'gen_ai.request.model': 'claude-sonnet-4-6',
      'hermes.cost.source': 'genai-prices 0.1.8',
    };
    expect(money(apiCall({ cost }))).toEqual([['hermes.cost', 0.00363, { ...labels, ...common }]]);
    expect([apiCall(), failedCall({ cost }), turn(), session()].flatMap(money)).toEqual([]);
    expect(instruments.find((instrument) => instrument.name === 'hermes.cost')?.sums).toBe('double');
  });
});

describe('tokens that no call of the log has are measured once for each model and task', () => {
  const modelUsage: ModelUsage[] = [
    {
      model: 'm',
      provider: 'xai',
      task: undefined,
      callCount: 3,
      tokens: { ...noUsage, inputTokens: 100, cacheReadTokens: 900, outputTokens: 40 },
      lastTime: START,
    },
    {
      model: 'n',
      provider: undefined,
      task: 'title',
      callCount: undefined,
      tokens: { ...noUsage, outputTokens: 7 },
      lastTime: START,
    },
  ];
  const base = { 'gen_ai.operation.name': 'chat', 'gen_ai.system': 'hermes-agent' };

  test.each([session({ modelUsage }), subagent({ modelUsage })])('of a $kind', (span) => {
    const own = { ...base, 'gen_ai.request.model': 'm', 'hermes.provider': 'xai' };
    const title = { ...base, 'gen_ai.request.model': 'n', 'hermes.aux_task': 'title' };
    expect(rows(hermes.measure, span)).toStrictEqual([
      ...tokens(own, 100, 40),
      [TOKENS, 7, { ...title, 'gen_ai.token.type': 'output' }],
    ]);
    expect(
      rows(genAi.measure, span).map(([, value, { 'gen_ai.token.type': type }]) => [type, value]),
    ).toEqual([
      ['input', 1000],
      ['output', 40],
      ['cache_read', 900],
      ['output', 7],
    ]);
  });
});

describe('times that follow from an order measure no durations', () => {
  test.each<[string, AgentSpan, readonly string[]]>([
    ['a call', apiCall({ timeSource: 'order' }), [TOKENS, TOKENS]],
    [
      'a turn',
      turn({ timeSource: 'order' }),
      ['hermes.turn.api_call_count', 'hermes.turn.tool_call_count', 'hermes.session.turn_count'],
    ],
    ['a tool', toolCall({ timeSource: 'order' }), []],
    ['a tool with a recorded time', toolCall({ timeSource: 'log' }), ['hermes.tool.duration']],
  ])('%s', (_claim, span, names) => {
    expect(rows(hermes.measure, span).map(([name]) => name)).toEqual(names);
  });
});

test('labels that are not known are absent', () => {
  const unknown = {
    model: undefined,
    responseModel: undefined,
    provider: undefined,
    baseUrl: undefined,
    apiMode: undefined,
    usage: undefined,
    timeToFirstChunkMicros: undefined,
  };
  const price = { cost: { usd: 1, source: 'hermes' } };
  const labelled = (name: ConventionName, span: AgentSpan) =>
    rows(convention([name], { captureContent: false }).measure, span).map(([, , labels]) => labels);
  const source = { 'hermes.cost.source': 'hermes' };
  const system = { 'gen_ai.system': 'hermes-agent' };
  const chat = { 'gen_ai.operation.name': 'chat' };
  expect(labelled('hermes', apiCall({ ...unknown, ...price }))).toStrictEqual([
    { ...chat, ...system },
    { ...system, ...source },
  ]);
  expect(labelled('hermes', auxiliaryCall({ ...unknown, auxTask: undefined }))).toStrictEqual([
    { ...chat, ...system, 'hermes.aux_task': 'unknown' },
  ]);
  expect(labelled('gen-ai', apiCall({ ...unknown, ...price }))).toStrictEqual([chat, source]);
  expect(labelled('gen-ai', apiCall({ ...unknown, baseUrl: 'not a url' }))).toStrictEqual([chat]);
  expect(labelled('gen-ai', turn({ model: undefined, finalStatus: 'failed' }))).toStrictEqual([
    { 'gen_ai.agent.name': 'hermes', 'error.type': 'text_response' },
  ]);
});

test('two conventions count a call once, with the labels of the first', () => {
  const both = convention(['gen-ai', 'hermes'], { captureContent: false });
  const alone = rows(hermes.measure, apiCall());
  const withCache = alone.map(([name, value, labels]) => [name, value === 120 ? 9150 : value, labels]);
  expect(rows(both.measure, apiCall())).toStrictEqual(withCache);
  expect(both.instruments).toEqual(hermes.instruments);
});

test('OpenInference has no metrics, and does not take those of another convention away', () => {
  const alone = convention(['openinference'], { captureContent: false });
  expect([alone.instruments, alone.measure(apiCall())]).toEqual([[], []]);
  const beside = convention(['openinference', 'gen-ai'], { captureContent: false });
  expect(beside.instruments).toEqual(genAi.instruments);
});

test('equal labels are the identical object, for whom counts per label set', () => {
  const labels = (span: AgentSpan) => hermes.measure(span).map(({ attributes }) => attributes);
  const again = labels(apiCall({ apiRequestId: 'another', sessionId: 'another' }));
  labels(apiCall()).forEach((attributes, index) => {
    expect(again[index]).toBe(attributes);
  });
  expect(labels(apiCall({ model: 'other' }))[0]).not.toBe(again[0]);
});

test('no label is an id, in any convention', () => {
  const ids = /20260915|toolu_|aux-1f|sa-0|b7ad6b|0af765/;
  for (const name of CONVENTION_NAMES) {
    const { measure } = convention([name], { captureContent: true });
    for (const span of [apiCall(), failedCall(), toolCall(), turn(), auxiliaryCall()]) {
      expect(JSON.stringify(measure(span))).not.toMatch(ids);
    }
  }
});

test('ten thousand models do not stay in memory, and the labels stay right', () => {
  const { measure } = convention(['hermes'], { captureContent: false });
  const models = Array.from({ length: 10_000 }, (_, n) => `model-${n}`);
  const span = turn();
  const labelled = models.map((model) => measure({ ...span, model })[0]?.attributes['gen_ai.request.model']);
  expect(labelled).toEqual(models);
});

describe('instruments', () => {
  const seconds = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92];
  const perTurnSeconds = [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 51.2, 102.4, 204.8, 409.6];
  const calls = [1, 2, 4, 8, 16, 32, 64, 128];
  const tokenCounts = [
    1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864,
  ];
  test.each([
    ['gen_ai.client.operation.duration', 'histogram', 's', seconds],
    ['gen_ai.client.token.usage', 'histogram', '{token}', tokenCounts],
    ['gen_ai.client.operation.time_to_first_chunk', 'histogram', 's', seconds],
    ['hermes.tool.duration', 'histogram', 's', seconds],
    ['hermes.turn.duration', 'histogram', 's', perTurnSeconds],
    ['hermes.turn.api_call_count', 'histogram', '{call}', calls],
    ['hermes.turn.tool_call_count', 'histogram', '{call}', calls],
    ['hermes.session.turn_count', 'counter', '{turn}', []],
  ])('%s is a %s in %s', (name, kind, unit, bounds) => {
    const found = hermes.instruments.find((instrument) => instrument.name === name);
    expect(found).toMatchObject({ kind, unit, bounds });
    expect(found?.description).toMatch(/\.$/);
  });

  test('there are no others', () => {
    expect(hermes.instruments).toHaveLength(9);
    expect(genAi.instruments.map(({ name }) => name)).toEqual([
      DURATION,
      TOKENS,
      FIRST_CHUNK,
      'gen_ai.invoke_agent.duration',
      'gen_ai.execute_tool.duration',
      'hermes.cost',
    ]);
  });

  test('every measurement names one of them', () => {
    const known = new Set(hermes.instruments.map(({ name }) => name));
    for (const span of [apiCall(), auxiliaryCall(), toolCall(), turn()]) {
      for (const { instrument } of hermes.measure(span)) expect(known).toContain(instrument);
    }
  });
});
