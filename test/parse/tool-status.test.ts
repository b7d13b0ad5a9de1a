import { describe, expect, test } from '@jest/globals';
import type { PostToolCall } from '../../src/model/event.ts';
import type { JsonObject, JsonValue } from '../../src/model/json.ts';
import { OBSERVER } from './kwargs.ts';
import { AT, ENVELOPES, eventIn, flat, parse } from './lines.ts';

function toolCall(kwargs: JsonObject): PostToolCall {
  const event = eventIn(flat('post_tool_call', { ...OBSERVER, tool_name: 'terminal', ...kwargs }));
  if (event.hook !== 'post_tool_call') throw new Error(event.hook);
  return event;
}

describe('without a status the result decides', () => {
  const rows: [string, JsonValue, string, string | undefined][] = [
    ['no result', null, 'ok', undefined],
    ['plain text', 'all good', 'ok', undefined],
    ['plain text that speaks of an "error": "x"', 'the "error": "x" is gone', 'ok', undefined],
    ['a null error', '{"output": "", "exit_code": 1, "error": null}', 'ok', undefined],
    ['a null error, odd spaces', ' {"error"\n:\tnull }', 'ok', undefined],
    ['an error', '{"output": "", "error": "File not found"}', 'error', 'File not found'],
    ['an error in an object that is no string', { error: 'File not found' }, 'error', 'File not found'],
    ['an error that is an object', '{"error": {"code": 5}}', 'error', '{"code":5}'],
    ['an error that is an empty string', '{"error": ""}', 'ok', undefined],
    ['an error that is false', '{"success": true, "error": false}', 'ok', undefined],
    ['an error that is 0', '{"error": 0}', 'ok', undefined],
    ['an error that is an empty list', '{"error": []}', 'ok', undefined],
    ['an error that is an empty object', { error: {} }, 'ok', undefined],
    ['an error that is true', '{"error": true}', 'error', 'true'],
    ['an error deep inside', '{"items": [{"error": "x"}]}', 'ok', undefined],
    ['a null error deep inside, and one on top', '{"items": [{"error": null}], "error": "x"}', 'error', 'x'],
    ['an error inside a string', '{"output": "{\\"error\\": \\"x\\"}"}', 'ok', undefined],
    ['"error" as a value', '{"kind": "error"}', 'ok', undefined],
    ['a list', '[{"error": "x"}]', 'ok', undefined],
    ['JSON that breaks off', '{"error": "x"', 'ok', undefined],
    ['a number', 17, 'ok', undefined],
  ];
  test.each(rows)('%s', (_claim, result, status, errorMessage) => {
    const { status: read, errorMessage: message } = toolCall({ result });
    expect({ status: read, errorMessage: message }).toEqual({ status, errorMessage });
  });
});

describe("Hermes's own status", () => {
  const rows: [string, JsonObject, string, string | undefined][] = [
    ['ok stays ok with a null error', { status: 'ok', result: '{"error": null}' }, 'ok', undefined],
    ['ok gives way to an error in the result', { status: 'ok', result: '{"error": "x"}' }, 'error', 'x'],
    ['ok stays ok with an empty error', { status: 'ok', result: '{"error": ""}' }, 'ok', undefined],
    ['ok stays ok with a false error', { status: 'ok', result: '{"error": false}' }, 'ok', undefined],
    ['ok stays ok with an empty list', { status: 'ok', result: { error: [] } }, 'ok', undefined],
    ['error stays', { status: 'error', result: 'x', error_message: 'no' }, 'error', 'no'],
    ['error takes its message from the result', { status: 'error', result: '{"error": "x"}' }, 'error', 'x'],
    [
      'its own message goes first',
      { status: 'error', result: '{"error": "x"}', error_message: 'y' },
      'error',
      'y',
    ],
    ['blocked stays', { status: 'blocked', result: '{"error": "x"}' }, 'blocked', 'x'],
    ['cancelled stays', { status: 'cancelled', error_message: 'x' }, 'cancelled', 'x'],
    ['timeout stays', { status: 'timeout', result: null }, 'timeout', undefined],
  ];
  test.each(rows)('%s', (_claim, kwargs, status, errorMessage) => {
    const { status: read, errorMessage: message } = toolCall(kwargs);
    expect({ status: read, errorMessage: message }).toEqual({ status, errorMessage });
  });
});

describe('a status in other words', () => {
  const rows: [string, string, string][] = [
    ['success', '{"error": null}', 'ok'],
    ['success', '{"error": "x"}', 'error'],
    ['completed', 'fine', 'ok'],
    ['failed', 'fine', 'error'],
    ['FAILURE', 'fine', 'error'],
    ['denied', 'fine', 'blocked'],
    ['rejected', 'fine', 'blocked'],
    ['canceled', 'fine', 'cancelled'],
    ['interrupted', 'fine', 'cancelled'],
    ['timed_out', 'fine', 'timeout'],
  ];
  test.each(rows)('%s with the result %s is %s', (status, result, read) => {
    expect(toolCall({ status, result }).status).toBe(read);
  });
});

test.each([
  ['{"error": "x"}', 'error'],
  ['fine', 'ok'],
])('a status that Hermes does not have is derived from the result, and said to be: %s', (result, derived) => {
  const parsed = parse(flat('post_tool_call', { ...OBSERVER, tool_name: 't', status: 'exploded', result }));
  expect(parsed).toMatchObject({
    kind: 'event',
    event: { status: derived },
    diagnostics: [
      {
        severity: 'warning',
        code: 'unknown-status',
        message: `post_tool_call: status is not one of Hermes's: read as ${derived} from the result`,
        at: AT,
      },
    ],
  });
});

test('arguments are the same from every envelope, and kept without content', () => {
  const kwargs = { ...OBSERVER, tool_name: 't', args: { path: 'a', deep: [{ b: null }] } };
  for (const envelope of Object.values(ENVELOPES)) {
    expect(eventIn(envelope('pre_tool_call', kwargs))).toMatchObject({ args: kwargs.args });
  }
});

test('a tool without a name is kept, and said to be', () => {
  const parsed = parse(flat('pre_tool_call', { ...OBSERVER, tool_name: null }));
  expect(parsed).toMatchObject({
    event: { toolName: 'unknown' },
    diagnostics: [
      { code: 'missing-field', message: 'pre_tool_call: no tool_name or tool: the tool is called "unknown"' },
    ],
  });
});
