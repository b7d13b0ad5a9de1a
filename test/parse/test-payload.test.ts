import { expect, test } from '@jest/globals';
import { OBSERVER } from './kwargs.ts';
import { AT, flat, genuine, parse, shell } from './lines.ts';

test.each(
  genuine('hooks-test.shell').map((line): [string, string] => [JSON.parse(line).hook_event_name, line]),
)('what "hermes hooks test" sends for %s is no part of a session', (hook, line) => {
  expect(parse(line)).toEqual({ kind: 'test', hook, at: AT });
});

test.each([
  ['a turn of test words', shell('on_session_end', { session_id: 'test-session', turn_id: 'test-turn' })],
  ['no fields', shell('on_session_start', { session_id: 'test-session' })],
  ['no fields, of a hook that is not known', shell('on_new_thing', { session_id: 'test-session' })],
  [
    'the words for session and task',
    shell('on_new_thing', { session_id: 'test-session', task_id: 'test-task' }),
  ],
])('a payload of "hermes hooks test": %s', (_claim, line) => {
  expect(parse(line)).toMatchObject({ kind: 'test', at: AT });
});

const CHOSEN = { ...OBSERVER, session_id: 'test-session', task_id: 'test-session' };

// Clients of the API server choose ids, and so do people who try things out.
test.each([
  ['the id of a session that a client chose', flat('on_session_start', { session_id: 'test-session' })],
  [
    'all test words in a log of a plugin',
    flat('on_session_end', { session_id: 'test-session', task_id: 'test-task' }),
  ],
  ['a schema version', shell('pre_tool_call', { ...CHOSEN, task_id: 'test-task', tool_name: 't' })],
  [
    'a session before 0.16',
    shell('on_session_start', { session_id: 'test-session', model: 'm', platform: 'api_server' }),
  ],
  [
    'a tool call before 0.16',
    shell('pre_tool_call', { session_id: 'test-session', tool_name: 't', task_id: 'test-session' }),
  ],
  [
    'a tool call with the id of a test',
    flat('pre_tool_call', { ...OBSERVER, tool_name: 't', tool_call_id: 'test-call' }),
  ],
  [
    'a parent called parent-sess',
    shell('subagent_stop', { parent_session_id: 'parent-sess', child_status: 'completed' }),
  ],
  ['a session called parent-sess', flat('on_session_start', { session_id: 'parent-sess' })],
  ['a session that only begins so', flat('on_session_start', { session_id: 'test-session-2' })],
])('no test payload: %s', (_claim, line) => {
  expect(parse(line)).toMatchObject({ kind: 'event' });
});
