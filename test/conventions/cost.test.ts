import { describe, expect, test } from '@jest/globals';
import { convention } from '../../src/conventions/convention.ts';
import type { ConventionName } from '../../src/conventions/names.ts';
import type { AgentSpan } from '../../src/model/span.ts';
import { apiCall, auxiliaryCall, cost, failedCall, session, subagent, turn } from './spans.ts';

const costsOf = (names: readonly ConventionName[], span: AgentSpan) => {
  const { attributes } = convention(names, { captureContent: true }).toSpan(span);
  return Object.fromEntries(Object.entries(attributes).filter(([key]) => key.includes('cost')));
};

const standard = { 'gen_ai.usage.cost': { double: 0.00363 }, 'hermes.cost.source': 'genai-prices 0.1.8' };
const openInference = {
  'llm.cost.total': { double: 0.00363 },
  'llm.cost.prompt': { double: 0.00306 },
  'llm.cost.completion': { double: 0.00057 },
  'hermes.cost.source': 'genai-prices 0.1.8',
};

describe('a model call carries its cost and where the price is from', () => {
  test.each<[readonly ConventionName[], object]>([
    [['hermes'], standard],
    [['gen-ai'], standard],
    [['openinference'], openInference],
    [['gen-ai', 'openinference'], { ...openInference, ...standard }],
  ])('%j', (names, costs) => {
    expect(costsOf(names, apiCall({ cost }))).toEqual(costs);
    expect(costsOf(names, auxiliaryCall({ cost }))).toEqual(costs);
  });

  test('without its parts, when the log has only the sum', () => {
    const span = apiCall({ cost: { usd: 0.00025, source: 'hermes' } });
    expect(costsOf(['openinference'], span)).toEqual({
      'llm.cost.total': { double: 0.00025 },
      'hermes.cost.source': 'hermes',
    });
  });
});

describe('no cost is on', () => {
  const all: readonly ConventionName[] = ['hermes', 'gen-ai', 'openinference'];
  test.each<[string, AgentSpan]>([
    ['a call whose price is unknown', apiCall()],
    ['a failed attempt', failedCall({ cost })],
    ['a turn: its calls have it', turn()],
    ['a session without an account of Hermes', session()],
    ['a sub-agent', subagent()],
  ])('%s', (_claim, span) => {
    expect(costsOf(all, span)).toEqual({});
  });
});

test("a session has what Hermes's own account says, under names that no back end adds up", () => {
  const span = session({ cost: { estimatedUsd: 0.5, status: 'estimated', source: 'models.dev' } });
  expect(costsOf(['hermes'], span)).toEqual({
    'hermes.cost.estimated_usd': { double: 0.5 },
    'hermes.cost.status': 'estimated',
    'hermes.cost.source': 'models.dev',
  });
});

test.each([['hermes'], ['gen-ai'], ['openinference']] as const)(
  "Hermes's profile is on sessions and turns under %s",
  (name) => {
    const { toSpan } = convention([name], { captureContent: false });
    for (const span of [session({ profile: 'work' }), turn({ profile: 'work' })])
      expect(toSpan(span).attributes['hermes.profile']).toBe('work');
  },
);
