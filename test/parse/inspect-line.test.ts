import { describe, expect, test } from '@jest/globals';
import type { JsonObject } from '../../src/model/json.ts';
import { inspectLine } from '../../src/parse/inspect-line.ts';
import { OBSERVER, SESSION } from './kwargs.ts';
import { ENVELOPES, flat, genuine, shell } from './lines.ts';

describe('the dialect', () => {
  const old = { session_id: SESSION, task_id: SESSION };
  const rows: [string, string, JsonObject, string][] = [
    ['a field of 0.20', 'on_session_end', { ...OBSERVER, turn_exit_reason: 'unknown' }, '0.20 or newer'],
    ['a hook of 0.20', 'pre_auxiliary_call', OBSERVER, '0.20 or newer'],
    [
      'a field of 0.20 that is null',
      'post_api_request',
      { ...OBSERVER, context_length: null },
      '0.16 or newer',
    ],
    ['the schema version', 'on_session_start', OBSERVER, '0.16 or newer'],
    ['a turn, though the recorder left the schema out', 'pre_llm_call', { turn_id: 't' }, '0.16 or newer'],
    ['a tool with a duration', 'post_tool_call', { ...old, duration_ms: 3 }, '0.12 to 0.15'],
    ['a tool without one', 'post_tool_call', old, '0.11 or older'],
    ['a turn without an id', 'pre_llm_call', old, 'before 0.16'],
    ['a hook that is alike in all', 'transform_llm_output', old, 'unknown'],
    ['a hook that we do not know', 'on_new_thing', OBSERVER, 'unknown'],
  ];
  test.each(rows)('%s', (_claim, hook, kwargs, dialect) => {
    for (const envelope of Object.values(ENVELOPES)) {
      expect(inspectLine(envelope(hook, kwargs))).toMatchObject({ hook, dialect });
    }
  });
});

test.each(Object.entries(ENVELOPES))('the %s envelope is distinguished from the others', (name, envelope) => {
  expect(inspectLine(envelope('on_session_start', OBSERVER))).toMatchObject({
    envelope: name,
    schemaVersion: 'hermes.observer.v1',
    deliveryId: name === 'webhook' ? 'd3adb33f' : undefined,
  });
});

test.each(Object.entries(ENVELOPES))(
  'a line without any id has the %s envelope that it was written in',
  (name, envelope) => {
    const kwargs = { session_id: null, platform: 'cli' };
    expect(inspectLine(envelope('on_session_finalize', kwargs))).toMatchObject({ envelope: name });
  },
);

test('fields that Hermes does not have are named, wherever they stand', () => {
  expect(inspectLine(shell('pre_llm_call', { ...OBSERVER, mood: null }))?.unknownFields).toEqual(['mood']);
  expect(inspectLine(flat('pre_llm_call', { ...OBSERVER, constructor: 1 }))?.unknownFields).toEqual([
    'constructor',
  ]);
  expect(inspectLine(flat('on_new_thing', { mood: 1 }))?.unknownFields).toEqual([]);
});

test.each(['', '[]', '{}', '{"event":5}', 'no JSON'])('%j is no hook call', (text) => {
  expect(inspectLine(text)).toBeUndefined();
});

test.each([
  ['0.14.0', ['before 0.16', '0.12 to 0.15']],
  ['0.16.0', ['0.16 or newer']],
  ['0.19.0', ['0.16 or newer']],
])('genuine lines of Hermes %s show their dialect, and no unknown field', (version, dialects) => {
  const facts = [...genuine(`${version}.flat`), ...genuine(`${version}.shell`)].map(inspectLine);
  expect(
    [...new Set(facts.map((fact) => fact?.dialect))].filter((dialect) => dialect !== 'unknown').sort(),
  ).toEqual([...dialects].sort());
  expect(facts.flatMap((fact) => fact?.unknownFields)).toEqual([]);
});
