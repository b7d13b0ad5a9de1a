import { describe, expect, test } from '@jest/globals';
import type { JsonObject } from '../../src/model/json.ts';
import { OBSERVER, OBSERVER_READ, SESSION, TURN } from './kwargs.ts';
import { AT, ENVELOPES, eventIn, flat, TIME } from './lines.ts';

describe('a hook that marks its turn shows scalars and no content', () => {
  const rows: [string, JsonObject, object][] = [
    [
      'pre_verify',
      { coding: true, attempt: 2, final_response: 'secret', changed_paths: ['src/a.ts'] },
      { coding: true, attempt: 2 },
    ],
    [
      'on_skill_lifecycle',
      { action: 'used', skill_name: 'deploy', provenance: 'user', use_count: 3, reused: true },
      { action: 'used', skill_name: 'deploy', provenance: 'user', use_count: 3, reused: true },
    ],
    ['on_interim_message', { text: 'secret', already_streamed: false }, { already_streamed: false }],
    [
      'on_compression_complete',
      { before_tokens: 9, ratio: 0.5, summary: 'secret' },
      { before_tokens: 9, ratio: 0.5 },
    ],
    ['pre_context_compression', { reason: 'free text' }, {}],
    ['pre_compression', { ['__proto__']: 1 }, {}],
  ];
  test.each(rows)('%s', (name, kwargs, fields) => {
    for (const envelope of Object.values(ENVELOPES)) {
      const event = eventIn(envelope(name, { ...OBSERVER, ...kwargs }), true);
      expect(event).toEqual({ hook: 'mark', ...AT, time: TIME, ...OBSERVER_READ, name, fields });
    }
  });
});

test('a moment shows at most 32 fields, under names that Hermes would use', () => {
  const many = Object.fromEntries(Array.from({ length: 40 }, (_, n) => [`field_${n}`, n]));
  const shown = (kwargs: JsonObject) => {
    const event = eventIn(flat('pre_verify', { ...OBSERVER, ...kwargs }));
    return event.hook === 'mark' ? Object.keys(event.fields) : [];
  };
  expect(shown(many)).toHaveLength(32);
  expect(shown({ [`a${'b'.repeat(63)}`]: 1, [`a${'b'.repeat(64)}`]: 1, Camel: 1, state: '' })).toHaveLength(
    1,
  );
});

describe('a card on the board', () => {
  const card = { task_id: 'card-7', profile_name: 'coder', board: 'main', run_id: 12, summary: 'secret' };

  test.each([
    'kanban_task_claimed',
    'kanban_task_blocked',
    'on_kanban_dispatch_tick',
    'on_kanban_new_in_2027',
  ])('%s with a turn marks it; its task is the card, not the task of the agent', (name) => {
    const event = eventIn(flat(name, { ...card, turn_id: TURN }));
    const fields = { task_id: 'card-7', profile_name: 'coder', board: 'main', run_id: 12 };
    expect(event).toEqual({ hook: 'mark', ...AT, time: TIME, turnId: TURN, name, fields });
  });

  test('without session and turn there is nothing to mark', () => {
    const expected = { hook: 'unmapped', ...AT, time: TIME, name: 'kanban_task_completed' };
    expect(eventIn(flat('kanban_task_completed', card))).toEqual(expected);
  });
});

test.each([
  'transform_llm_output',
  'transform_tool_result',
  'transform_api_error_classification',
  'transform_new_in_2027',
  'pre_gateway_dispatch',
  'pre_command',
  'gateway_platform_event',
  'on_room_member_activity',
  'pre_transcription',
  'pre_tts_synthesis',
  'agent_loop_stopped',
  'pre_response_delivery',
])('%s is known, and no span: it says that its session was alive', (name) => {
  const event = eventIn(flat(name, { ...OBSERVER, response_text: 'secret' }));
  expect(event).toEqual({ hook: 'unmapped', ...AT, time: TIME, ...OBSERVER_READ, name });
});

test('the task "default" of transform_terminal_output is no task', () => {
  const event = eventIn(flat('transform_terminal_output', { task_id: 'default', output: 'secret' }));
  expect(event).toEqual({ hook: 'unmapped', ...AT, time: TIME, name: 'transform_terminal_output' });
});

test('"default" may be the task of any other hook', () => {
  const event = eventIn(flat('transform_tool_result', { session_id: SESSION, task_id: 'default' }));
  expect(event.taskId).toBe('default');
});
