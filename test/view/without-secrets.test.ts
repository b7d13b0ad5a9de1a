import { expect, test } from '@jest/globals';
import type { AgentSpan } from '../../src/model/span.ts';
import { consoleSink } from '../../src/view/console-sink.ts';
import { renderDiff } from '../../src/view/diff-tables.ts';
import { perfettoJson } from '../../src/view/perfetto.ts';
import { renderView } from '../../src/view/view.ts';
import { withoutSecrets } from '../../src/view/without-secrets.ts';
import { apiCall, approval, auxiliaryCall, session, subagent, toolCall, turn } from '../agent-spans.ts';
import { PLAIN_100 } from './pages.ts';

const SECRET = 'sk-abcdefghijklmnopqrstuvwxyz123456';

/** A key in every free text that a span can have. */
function leaky(): readonly AgentSpan[] {
  const text = `with ${SECRET} in it`;
  const root = session({ at: [0, 100] });
  const only = turn({
    at: [0, 90],
    below: root,
    userMessage: text,
    assistantResponse: text,
    exitReason: text,
    finalStatus: 'failed',
    events: [{ time: root.startTime, name: 'exception', fields: { message: text, count: 1 } }],
  });
  const error = {
    type: 'AuthenticationError',
    message: text,
    statusCode: 401,
    reason: undefined,
    retryable: false,
    maxRetries: undefined,
  };
  return [
    root,
    only,
    apiCall({ at: [1, 2], below: only, error }),
    auxiliaryCall({ at: [3, 4], below: only, error }),
    toolCall({ at: [5, 6], below: only, status: 'error', errorMessage: text, args: text, result: text }),
    approval({ at: [7, 8], below: only, command: text }),
    subagent({ at: [9, 10], below: only, goal: text, summary: text }),
  ];
}

const VIEW = { ...PLAIN_100, columns: 400, depth: undefined, only: undefined, slowMicros: undefined };

test.each([
  ['the console', async () => consoleText(leaky())],
  ['text', async () => renderView(leaky(), { ...VIEW, format: 'text' })],
  ['JSON', async () => renderView(leaky(), { ...VIEW, format: 'json' })],
  ['Markdown', async () => renderView(leaky(), { ...VIEW, format: 'markdown' })],
  ['trace events', async () => [...perfettoJson(leaky())].join('')],
  [
    'a diff',
    async () => renderDiff(leaky(), leaky(), { ...VIEW, format: 'json', beforeName: 'a', afterName: 'b' }),
  ],
])('a key in a free text does not get into %s', async (_, render) => {
  const text = await render();
  expect(text.length).toBeGreaterThan(100);
  expect(text).not.toContain(SECRET);
});

test('what surrounds a key stays', () => {
  for (const span of leaky().map((span) => withoutSecrets(span))) {
    const text = JSON.stringify(span);
    expect(text).not.toContain(SECRET);
    expect(span.kind === 'session' || text.includes('with [redacted] in it')).toBe(true);
  }
});

test.each([
  ['is not cut when short', 'x'.repeat(500), 500],
  ['is cut when long', 'x'.repeat(100_000), 500],
  ['is not cut inside a surrogate pair', `${'x'.repeat(499)}😀`, 499],
])('a message %s', (_, userMessage, length) => {
  const span = withoutSecrets(turn({ at: [0, 1], userMessage }));
  expect(span.kind === 'turn' && span.userMessage?.length).toBe(length);
});

test('of a span that was sent again, whole, views show the last version and count it once', async () => {
  const root = session({ at: [0, 100] });
  const [early, late] = [
    { ...turn({ at: [0, 50], below: root }), incomplete: 'end_of_input' as const },
    { ...turn({ at: [0, 50], below: root }), apiCallCount: 3 },
  ];
  const { totals, sessions } = JSON.parse(renderView([early, root, late], { ...VIEW, format: 'json' }));
  expect(totals.kinds.find(({ name }: { name: string }) => name === 'turn').count).toBe(1);
  expect(sessions[0].spans).toMatchObject([{ apiCallCount: 3 }]);
  expect(await consoleText([early, root, late, root])).toMatch(/\nturns +1 /);
});

async function consoleText(spans: readonly AgentSpan[]): Promise<string> {
  let text = '';
  const write = (more: string) => {
    text += more;
  };
  const sink = consoleSink({ ...VIEW, write, traces: true, metrics: true });
  for (const span of spans) await sink.write([span]);
  await sink.finish();
  return text;
}
