import { describe, expect, test } from '@jest/globals';
import { criticalPath } from '../../src/model/critical-path.ts';
import { figuresOf, headlineOf, tokensOf } from '../../src/model/figures.ts';
import type { AgentSpan } from '../../src/model/span.ts';
import { labelOf } from '../../src/view/label.ts';
import { blocksOf, placedSpans, rootsOf, walk } from '../../src/view/tree.ts';
import {
  apiCall,
  approval,
  auxiliaryCall,
  session,
  subagent,
  toolCall,
  turn,
  usage,
} from '../agent-spans.ts';

const root = session({ at: [0, 10_000] });
const first = turn({ at: [1000, 5000], below: root });

function timeOf(spans: readonly AgentSpan[]) {
  const { time } = figuresOf(placedSpans(blocksOf(spans).flatMap(rootsOf)));
  return Object.fromEntries(Object.entries(time).map(([name, micros]) => [name, micros / 1000]));
}

describe('where the time went', () => {
  test.each<[claim: string, spans: readonly AgentSpan[], expected: object]>([
    ['a session without turns waits for you', [root], { total: 10_000, waiting: 10_000 }],
    ['a turn alone is the agent', [root, first], { total: 10_000, agent: 4000, waiting: 6000 }],
    [
      'a call counts before the tool around it, and both before the agent',
      [
        root,
        first,
        toolCall({ at: [1000, 4000], below: first }),
        apiCall({ at: [2000, 3000], below: first }),
      ],
      { model: 1000, tools: 2000, agent: 1000, waiting: 6000 },
    ],
    [
      'parallel tools count once',
      [
        root,
        first,
        toolCall({ at: [1000, 3000], below: first }),
        toolCall({ at: [2000, 4000], below: first }),
      ],
      { tools: 3000, agent: 1000 },
    ],
    [
      'an open approval is your time, not that of its tool',
      [
        root,
        first,
        toolCall({ at: [1000, 4000], below: first }),
        approval({ at: [2000, 4000], below: first }),
      ],
      { tools: 1000, agent: 1000, waiting: 8000 },
    ],
    [
      'a background review takes none of your time',
      [root, first, turn({ at: [5000, 9000], below: root, background: true, index: undefined })],
      { total: 10_000, agent: 4000, waiting: 6000 },
    ],
    [
      'what runs on after its turn is not waited for; a call beside the turns is not either',
      [
        root,
        first,
        apiCall({ at: [4000, 8000], below: first }),
        auxiliaryCall({ at: [6000, 7000], below: root }),
      ],
      { model: 1000, agent: 3000, waiting: 6000 },
    ],
    [
      'overlapping turns count once',
      [root, first, turn({ at: [3000, 6000], below: root, index: 2 })],
      { total: 10_000, agent: 5000, waiting: 5000 },
    ],
    ['a turn without its session counts from itself', [first], { total: 4000, agent: 4000, waiting: 0 }],
  ])('%s', (_, spans, expected) => {
    expect(timeOf(spans)).toMatchObject(expected);
  });

  test('the parts add up to the total', () => {
    const { total = 0, ...parts } = timeOf([root, first, apiCall({ at: [500, 20_000], below: first })]);
    expect(Object.values(parts).reduce((sum, part) => sum + part, 0)).toBe(total);
  });
});

describe('the critical path', () => {
  const pathOf = (spans: readonly AgentSpan[]) => {
    const trees = blocksOf(spans);
    const inOrder = trees.flatMap(({ trees: all }) => all.flatMap((tree) => [...walk(tree)]));
    return criticalPath(placedSpans(trees.flatMap(rootsOf))).map(({ span, micros }) => [
      labelOf(inOrder[span] as AgentSpan),
      micros / 1000,
    ]);
  };

  test('goes through the child that ended last, and what is between is the span itself', () => {
    expect(
      pathOf([
        first,
        apiCall({ at: [1000, 2000], below: first, model: 'm' }),
        toolCall({ at: [2000, 2500], below: first, toolName: 'quick' }),
        toolCall({ at: [2000, 4000], below: first, toolName: 'slow' }),
        apiCall({ at: [4100, 4900], below: first, model: 'm' }),
      ]),
    ).toEqual([
      ['chat m', 1000],
      ['tool slow', 2000],
      ['turn 1', 100],
      ['chat m', 800],
      ['turn 1', 100],
    ]);
  });

  test('goes down into sub-agents; what outlives the turn is cut', () => {
    const delegate = toolCall({ at: [1500, 4500], below: first, toolName: 'delegate' });
    const agent = subagent({ at: [1600, 9000], below: delegate, role: 'leaf' });
    expect(pathOf([first, delegate, agent])).toEqual([
      ['turn 1', 500],
      ['tool delegate', 100],
      ['sub-agent leaf', 2900],
      ['turn 1', 500],
    ]);
  });
});

test.each([
  ['nothing reported', undefined, undefined],
  ['the whole prompt', usage(100, 10, 50), { input: 150, cached: 50, output: 10 }],
])('tokens: %s', (_, reported, expected) => {
  expect(tokensOf(reported)).toEqual(expected);
});

test('the headline says what its figures leave out', () => {
  const calls = [
    apiCall({ at: [0, 1], usage: usage(100, 10), cost: { usd: 0.0055, source: 'hermes' } }),
    apiCall({ at: [0, 1], usage: usage(100, 10) }),
    apiCall({ at: [0, 1], answered: true, usage: undefined }),
  ];
  const { all } = figuresOf(placedSpans(blocksOf(calls).flatMap(rootsOf)));
  expect(headlineOf(all)).toEqual({
    time: undefined,
    cost: '$0.0055 (1 call without a price)',
    tokens: '200 in → 20 out (1 call without usage)',
    errors: 'no errors',
  });
  expect(headlineOf({ ...all, cost: undefined }).cost).toBeUndefined();
});
