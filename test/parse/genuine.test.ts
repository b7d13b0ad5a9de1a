import { describe, expect, test } from '@jest/globals';
import type { HookEvent } from '../../src/model/event.ts';
import { eventIn, genuine } from './lines.ts';

describe.each(['0.14.0', '0.16.0', '0.19.0'])('genuine lines of Hermes %s', (version) => {
  const flat = genuine(`${version}.flat`);
  const shell = genuine(`${version}.shell`);
  const pairs = flat.map((line, index): [string, string, string] => [hookOf(line), line, shell[index] ?? '']);

  test.each(pairs)('%s is the same event from both envelopes', (_hook, fromPlugin, fromShell) => {
    expect(facts(eventIn(fromShell, true))).toEqual(facts(eventIn(fromPlugin, true)));
  });

  test.each(pairs)("%s has the recorder's time and the ids that the line has", (hook, line) => {
    const sent = JSON.parse(line);
    const event = eventIn(line);
    expect(event).toMatchObject({
      time: Math.round(sent.ts * 1e6),
      sessionId: sent.session_id || sent.parent_session_id || undefined,
      turnId: sent.turn_id || undefined,
    });
    expect(event.hook === 'unmapped' ? event.name : event.hook).toBe(hook);
  });
});

test('the genuine lines are of every hook that these versions have', () => {
  const lines = ['0.14.0', '0.16.0', '0.19.0'].flatMap((version) => genuine(`${version}.flat`));
  expect([...new Set(lines.map(hookOf))].sort()).toEqual([
    'api_request_error',
    'on_session_end',
    'on_session_finalize',
    'on_session_reset',
    'on_session_start',
    'post_api_request',
    'post_approval_response',
    'post_llm_call',
    'post_tool_call',
    'pre_api_request',
    'pre_approval_request',
    'pre_llm_call',
    'pre_tool_call',
    'subagent_start',
    'subagent_stop',
    'transform_llm_output',
    'transform_terminal_output',
    'transform_tool_result',
  ]);
});

function hookOf(line: string): string {
  return JSON.parse(line).event;
}

/** All but the time, which is that of the recorder. */
function facts(event: HookEvent): object {
  return { ...event, time: undefined };
}
