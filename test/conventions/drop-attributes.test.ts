import { expect, test } from '@jest/globals';
import { convention } from '../../src/conventions/convention.ts';
import { apiCall, toolCall } from './spans.ts';

const dropping = (...dropAttributes: readonly string[]) =>
  convention(['hermes'], { captureContent: false, dropAttributes });
const all = dropping();

test.each([
  ['by name', ['hermes.tool.name'], (name: string) => name !== 'hermes.tool.name'],
  ['by a pattern', ['hermes.*'], (name: string) => !name.startsWith('hermes.')],
  ['but those that are kept', ['*', '!hermes.tool.*'], (name: string) => name.startsWith('hermes.tool.')],
  ['with a dot that is only a dot', ['hermes-tool-name', 'hermes.tool.nam.'], () => true],
])('attributes of spans are left out %s', (_how, patterns, isKept) => {
  const span = toolCall({});
  const names = Object.keys(all.toSpan(span).attributes);
  expect(names.length).toBeGreaterThan(3);
  expect(Object.keys(dropping(...patterns).toSpan(span).attributes)).toEqual(names.filter(isKept));
});

const error = {
  type: 'E',
  message: 'm',
  statusCode: 500,
  reason: undefined,
  retryable: false,
  maxRetries: undefined,
};

test('and those of span events', () => {
  const [event] = dropping('exception.message').toSpan(apiCall({ error })).events;
  expect(event?.attributes).toEqual({ 'exception.type': 'E' });
});

test('and those of log records', () => {
  const named = (dropAttributes: readonly string[]) =>
    convention(['hermes'], { captureContent: false, logs: true, dropAttributes }).toSpan(
      toolCall({ status: 'error' }),
    ).logs;
  const names = (dropped: readonly string[]) => Object.keys(named(dropped)?.[0]?.attributes ?? {});
  expect(names(['x'])).toEqual(['gen_ai.tool.name', 'hermes.session.id']);
  expect(names(['gen_ai.*'])).toEqual(['hermes.session.id']);
});

test.each([
  [['x'], 'm'],
  [['exception.message'], 'E'],
  [['exception.*'], 'exception'],
])('and without %j the body of an exception is %s', (dropAttributes, body) => {
  const names = convention(['hermes'], { captureContent: false, logs: true, dropAttributes });
  expect(names.toSpan(apiCall({ error })).logs).toMatchObject([{ name: 'exception', body }]);
});

test('a span without log records gets none', () => {
  expect(dropping('x').toSpan(toolCall({ status: 'error' }))).not.toHaveProperty('logs');
});

test('and labels of metrics, which stay the identical object when they are equal', () => {
  const names = dropping('gen_ai.request.model', 'gen_ai.response.model');
  const [one, other] = [apiCall({}), apiCall({})].map((span) => names.measure(span));
  expect(one?.length).toBeGreaterThan(1);
  expect(one?.some(({ attributes }) => 'gen_ai.request.model' in attributes)).toBe(false);
  expect(one?.map(({ attributes }, at) => attributes === other?.[at]?.attributes)).not.toContain(false);
});
