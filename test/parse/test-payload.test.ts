import { expect, test } from '@jest/globals';
import { OBSERVER } from './kwargs.ts';
import { AT, flat, genuine, parse, shell } from './lines.ts';

test.each(
  genuine('hooks-test.shell').map((line): [string, string] => [JSON.parse(line).hook_event_name, line]),
)('what "hermes hooks test" sends for %s is no part of a session', (hook, line) => {
  const time = Math.round(JSON.parse(line).ts * 1e6);
  expect(parse(line)).toEqual({ kind: 'test', hook, time, at: AT });
});

test.each([
  ['session', flat('on_session_start', { session_id: 'test-session' })],
  ['task', flat('on_session_end', { task_id: 'test-task' })],
  ['turn', flat('on_session_end', { session_id: 's', turn_id: 'test-turn' })],
  ['tool call', flat('pre_tool_call', { ...OBSERVER, tool_name: 't', tool_call_id: 'test-call' })],
  ['parent of a sub-agent', shell('subagent_stop', { parent_session_id: 'parent-sess' })],
  ['session of a hook we do not know', flat('on_new_thing', { session_id: 'test-session' })],
])('the literal id of a test %s is enough', (_name, line) => {
  expect(parse(line)).toMatchObject({ kind: 'test', at: AT });
});

test.each([
  ['a session called parent-sess', flat('on_session_start', { session_id: 'parent-sess' })],
  ['a session that only begins so', flat('on_session_start', { session_id: 'test-session-2' })],
])('%s is a session', (_name, line) => {
  expect(parse(line)).toMatchObject({ kind: 'event' });
});
