import { describe, expect, test } from '@jest/globals';
import { factsOf } from '../../src/html/encode.ts';
import type { AgentSpan } from '../../src/model/span.ts';
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
import { finished } from './generate.ts';

const at = [0, 1] as const;

const TABLE: readonly (readonly [name: string, span: AgentSpan, facts: object])[] = [
  ['a session: model and platform', session({ at }), { model: 'claude-sonnet', platform: 'cli' }],
  [
    'a turn: its number and how it ended',
    turn({ at, index: 3 }),
    { index: 3, outcome: 'completed', model: 'claude-sonnet' },
  ],
  [
    'a background turn has no number',
    turn({ at, index: undefined, background: true }),
    { outcome: 'completed', model: 'claude-sonnet', background: true },
  ],
  [
    'a call: the whole prompt as input, cached tokens apart, no zeroes',
    apiCall({ at, usage: usage(100, 20, 60), responseModel: 'other' }),
    { model: 'other', answered: true, inputTokens: 160, outputTokens: 20, cacheReadTokens: 60 },
  ],
  [
    'a call without usage: no tokens rather than none',
    apiCall({ at }),
    { model: 'claude-sonnet', answered: true },
  ],
  [
    'a failed second attempt',
    apiCall({
      at,
      retryCount: 1,
      error: {
        type: 'X',
        message: 'why',
        statusCode: undefined,
        reason: undefined,
        retryable: undefined,
        maxRetries: undefined,
      },
    }),
    { model: 'claude-sonnet', answered: false, attempt: 1, errorType: 'X', message: 'why' },
  ],
  ['a tool', toolCall({ at, toolName: 'patch' }), { tool: 'patch', outcome: 'ok' }],
  ['an approval', approval({ at, granted: false, choice: 'deny' }), { granted: false, choice: 'deny' }],
  ['a sub-agent', subagent({ at, childSessionId: 'c' }), { role: 'leaf', outcome: 'completed', child: 'c' }],
  [
    'an auxiliary call',
    auxiliaryCall({ at, incomplete: 'idle' }),
    { model: 'claude-haiku', tool: 'title', answered: true, incomplete: 'idle' },
  ],
];

describe('facts', () => {
  test.each(TABLE)('%s', (_name, span, facts) => {
    expect(finished([span]).map((each) => factsOf(each, true))).toEqual([facts]);
  });
});
