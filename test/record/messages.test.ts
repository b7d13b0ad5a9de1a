/** HERMES_OTEL_RECORD_MESSAGES: requests and responses of models, for `--capture-content`. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, jest, test } from '@jest/globals';
import type { JsonObject } from '../../src/model/json.ts';
import { parseLine } from '../../src/parse/parse-line.ts';
import { temporaryDirectory } from './log-directory.ts';
import { describeWithPython, drive, type Fired } from './plugin.ts';
import { recordBody, shellBody } from './shell.ts';

// Each starts processes, and machines are busy.
jest.setTimeout(60_000);

const directory = temporaryDirectory();
const ids = { session_id: 's', turn_id: 't', api_request_id: 'r', model: 'm' };
const messages = Array.from({ length: 50 }, (_, n) => ({ role: 'user', content: `message ${n}` }));
const tool = {
  type: 'function',
  function: { name: 'terminal', description: 'Runs.', parameters: { type: 'object' } },
};
const EVENTS: readonly Fired[] = [
  [
    'pre_api_request',
    {
      ...ids,
      conversation_history: messages,
      request_messages: messages,
      system_prompt: 'You are Hermes.',
      request: { method: 'POST', body: { model: 'm', stream: true, messages, tools: [tool] } },
    },
  ],
  [
    'post_api_request',
    { ...ids, response: { id: 'msg_1', assistant_message: { role: 'assistant', content: 'Done.' } } },
  ],
];

/** What a replay with `--capture-content` reads of the two lines. */
function eventsOf(path: string): readonly JsonObject[] {
  return readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map((text) => {
      const line = { text, source: 'log', line: 1, endOffsetBytes: 0, damage: undefined };
      const parsed = parseLine(line, { content: true });
      if (parsed.kind !== 'event') throw new Error(`no event: ${text}`);
      return parsed.event as unknown as JsonObject;
    });
}

function expectConversation(path: string): void {
  const [request, answer] = eventsOf(path);
  expect(request).toMatchObject({
    request: {
      streaming: true,
      systemInstructions: 'You are Hermes.',
      tools: [{ name: 'terminal', description: 'Runs.', parameters: undefined }],
    },
  });
  const { messages: kept } = (request?.request ?? {}) as unknown as { messages: readonly unknown[] };
  expect(kept).toHaveLength(20);
  expect(kept.at(-1)).toEqual({ role: 'user', parts: [{ kind: 'text', text: 'message 49' }] });
  expect(answer).toMatchObject({
    response: { id: 'msg_1', messages: [{ role: 'assistant', parts: [{ kind: 'text', text: 'Done.' }] }] },
  });
}

const settings = (path: string, more = {}) => ({
  HERMES_OTEL_RECORD_FILE: path,
  HERMES_OTEL_RECORD_MESSAGES: 'true',
  ...more,
});

describeWithPython('with messages asked for, the plugin', () => {
  test('writes the newest of a request, its tools by name, and the response', () => {
    const path = join(directory(), 'hooks.ndjson');
    drive('events', settings(path), EVENTS);
    expectConversation(path);
    expect(readFileSync(path, 'utf8')).not.toMatch(/conversation_history|request_messages|parameters/);
  });

  test.each([
    ['without the setting', { HERMES_OTEL_RECORD_MESSAGES: '' }],
    ['without content', { HERMES_OTEL_RECORD_CONTENT: 'false' }],
  ])('writes none of it %s', (_claim, more) => {
    const path = join(directory(), 'hooks.ndjson');
    drive('events', settings(path, more), EVENTS);
    expect(readFileSync(path, 'utf8')).not.toMatch(/message 4|You are Hermes|Done/);
  });
});

test('the command for shell hooks does the same', async () => {
  const path = join(directory(), 'shell.ndjson');
  for (const event of EVENTS) await recordBody(shellBody(event), settings(path));
  expectConversation(path);
  expect(readFileSync(path, 'utf8')).not.toMatch(/conversation_history|request_messages|parameters/);
});
