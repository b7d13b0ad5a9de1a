import { describe, expect, test } from '@jest/globals';
import { convention } from '../../src/conventions/convention.ts';
import { CONVENTION_NAMES } from '../../src/conventions/names.ts';
import type { OtelLog } from '../../src/model/otel.ts';
import type { AgentSpan } from '../../src/model/span.ts';
import {
  apiCall,
  approval,
  auxiliaryCall,
  END,
  failedCall,
  rateLimit,
  START,
  session,
  subagent,
  toolCall,
  turn,
} from './spans.ts';

const { toSpan } = convention(['hermes'], { captureContent: false, logs: true });
const SESSION = { 'hermes.session.id': '20260915_101500_a1b2c3' };

describe('a log record is made of', () => {
  test.each<[string, AgentSpan, readonly OtelLog[]]>([
    [
      'a failed attempt',
      failedCall(),
      [
        {
          time: END,
          name: 'exception',
          severity: 'ERROR',
          body: 'Error code: 429 - slow down',
          attributes: {
            'exception.type': 'RateLimitError',
            'exception.message': 'Error code: 429 - slow down',
            ...SESSION,
          },
        },
      ],
    ],
    [
      'a retry, at its start',
      apiCall({ retryCount: 1 }),
      [
        {
          time: START,
          name: 'hermes.retry',
          severity: 'WARN',
          body: 'attempt 2 of a model call',
          attributes: { 'hermes.retry_count': 1, 'gen_ai.request.model': 'claude-sonnet-4-6', ...SESSION },
        },
      ],
    ],
    [
      'a hook that is a moment',
      turn({ events: [{ time: START, name: 'on_skill_lifecycle', fields: { skill: 'pdf' } }] }),
      [
        {
          time: START,
          name: 'on_skill_lifecycle',
          severity: 'INFO',
          body: 'on_skill_lifecycle',
          attributes: { 'hermes.skill': 'pdf', ...SESSION },
        },
      ],
    ],
    [
      'a tool that failed',
      toolCall({ status: 'error', errorMessage: 'no such file' }),
      [
        {
          time: END,
          name: 'hermes.tool_call.failed',
          severity: 'ERROR',
          body: 'no such file',
          attributes: { 'gen_ai.tool.name': 'terminal', ...SESSION },
        },
      ],
    ],
    [
      'an approval that was denied',
      approval({ granted: false, choice: 'deny' }),
      [
        {
          time: END,
          name: 'hermes.approval',
          severity: 'WARN',
          body: 'approval: deny',
          attributes: {
            'hermes.approval.choice': 'deny',
            'hermes.approval.granted': false,
            'hermes.approval.surface': 'smart',
            'hermes.approval.pattern_key': 'recursive_delete',
            ...SESSION,
          },
        },
      ],
    ],
    [
      'a retry of a model that is not known',
      apiCall({ retryCount: 2, model: undefined }),
      [
        {
          time: START,
          name: 'hermes.retry',
          severity: 'WARN',
          body: 'attempt 3 of a model call',
          attributes: { 'hermes.retry_count': 2, ...SESSION },
        },
      ],
    ],
    [
      'an approval that another surface took over',
      approval({
        granted: undefined,
        choice: undefined,
        surface: undefined,
        patternKey: undefined,
      }),
      [
        {
          time: END,
          name: 'hermes.approval',
          severity: 'INFO',
          body: 'approval: no answer',
          attributes: SESSION,
        },
      ],
    ],
    [
      'a failed attempt without a message',
      failedCall({ error: { ...rateLimit, message: undefined } }),
      [
        {
          time: END,
          name: 'exception',
          severity: 'ERROR',
          body: 'RateLimitError',
          attributes: { 'exception.type': 'RateLimitError', ...SESSION },
        },
      ],
    ],
  ])('%s', (_claim, span, logs) => {
    expect(toSpan(span).logs).toStrictEqual(logs);
  });

  test.each([
    session(),
    turn(),
    apiCall(),
    auxiliaryCall(),
    toolCall(),
    subagent(),
    approval({ incomplete: 'idle' }),
  ])('nothing where nothing happened ($kind)', (span) => {
    expect(toSpan(span)).not.toHaveProperty('logs');
  });

  test('the span keeps its own attributes as they are', () => {
    const span = failedCall();
    expect(toSpan(span).events).toEqual(
      convention(['hermes'], { captureContent: false }).toSpan(span).events,
    );
  });

  test('failed turns and sub-agents, under every convention', () => {
    for (const name of CONVENTION_NAMES) {
      const named = convention([name], { captureContent: false, logs: true });
      const spans = [turn({ finalStatus: 'failed', exitReason: 'budget' }), subagent({ status: 'timeout' })];
      expect(
        spans.flatMap((span) => named.toSpan(span).logs ?? []).map(({ name: event, body }) => [event, body]),
      ).toEqual([
        ['hermes.turn.failed', 'budget'],
        ['hermes.subagent.failed', 'timeout'],
      ]);
    }
  });
});

test('without --logs no span has any', () => {
  expect(convention(['hermes'], { captureContent: false }).toSpan(failedCall())).not.toHaveProperty('logs');
});
