import { describe, expect, test } from '@jest/globals';
import { RECORD_COMMAND, shellHooks } from '../src/install/hermes-home.ts';
import { FIELDS } from '../src/parse/inspect-line.ts';
import { parseLine } from '../src/parse/parse-line.ts';
import { PLAIN } from '../src/record/fields.ts';

// Tables of strings that `tsc` cannot see a gap in. A new hook has a row in FIELDS, or it does not compile; from there
// these tests name every other table that has nothing to say of it.

const HOOKS = Object.entries<string | undefined>(FIELDS).map(
  ([hook, fields]) => [hook, fields?.split(' ') ?? []] as const,
);

/** Hooks that Hermes 0.19 does not have. */
const NEWER_THAN_0_19 = [
  'pre_auxiliary_call',
  'post_auxiliary_call',
  'on_stream_start',
  'on_stream_delta',
  'on_stream_end',
  'on_interim_message',
  'on_skill_lifecycle',
  'agent_loop_stopped',
  'pre_command',
  'gateway_platform_event',
  'on_room_member_activity',
  'pre_transcription',
  'pre_tts_synthesis',
  'transform_api_error_classification',
  'pre_response_delivery',
  'on_compression_complete',
  'pre_context_compression',
  'pre_compression',
];

/** What they say, other hooks say too, or it cannot be written: src/install/hermes-home.ts. The totals are no hook: src/database/ writes them. */
const NOT_RECORDED = [
  'transform_tool_result',
  'transform_llm_output',
  'transform_terminal_output',
  'pre_gateway_dispatch',
  'session_totals',
];

test('init sets in a shell hook for each hook, or says why not', () => {
  const recorded = shellHooks(RECORD_COMMAND).map(({ inner }) => inner);
  const left = HOOKS.map(([hook]) => hook).filter((hook) => !recorded.includes(hook));
  expect(left.sort()).toEqual([...NEWER_THAN_0_19, ...NOT_RECORDED].sort());
});

/** Read also when no content is asked for, and nothing but a word less on a span without them. */
const PROSE = new Set(['args', 'assignee', 'command', 'error', 'error_message']);
/** Of `pre_gateway_dispatch`; in the flat form it is the name of the hook. */
const ENVELOPE = new Set(['event']);

describe('a recorder that leaves content out', () => {
  test.each(HOOKS)('writes every id and name that is read of %s', (hook, fields) => {
    const texts = fields.filter((name) => !ENVELOPE.has(name)).map((name) => [name, `text:${name}`]);
    const body = { ...Object.fromEntries(texts), ts: 1_700_000_000, event: hook };
    const line = { source: 's', line: 1, text: JSON.stringify(body), endOffsetBytes: 0, damage: undefined };
    const read = JSON.stringify(parseLine(line, { content: false })).matchAll(/text:(\w+)/g);
    const lost = Array.from(read, ([, name = '']) => name).filter((name) => !PLAIN.has(name));
    expect(lost.filter((name) => !PROSE.has(name))).toEqual([]);
  });
});
