import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { expect, test } from '@jest/globals';
import type { AgentSpan } from '../src/model/span.ts';
import { readSpans } from '../src/replay/spans.ts';

// A genuine log in every form in which recorders keep it: the same spans, to the byte.
const LOGS = [
  '0.14.0/tools-parallel/flat',
  '0.16.0/delegate-batch/shell',
  '0.19.0/tools-parallel-reads/shell',
];

/** Bodies without content of their own keys: `event` or `hook_event_name`, ids, and `extra` of a shell hook. */
type Body = Readonly<Record<string, unknown>>;

const FORMS: Readonly<Record<string, (bodies: readonly Body[]) => string | Buffer>> = {
  'no line ends': (bodies) => bodies.map((body) => JSON.stringify(body)).join(''),
  'indented by jq': (bodies) => bodies.map((body) => JSON.stringify(body, undefined, 2)).join('\n'),
  'a JSON array': (bodies) => JSON.stringify(bodies),
  'an indented array': (bodies) => JSON.stringify(bodies, undefined, 4),
  'UTF-16 of PowerShell': (bodies) => Buffer.from(`\uFEFF${lines(bodies)}`, 'utf16le'),
  'JSON text sequences': (bodies) => bodies.map((body) => `\x1e${JSON.stringify(body)}\n`).join(''),
  'fields in data': (bodies) =>
    lines(
      bodies.map(({ ts, event, hook_event_name, ...data }) => ({
        ts,
        event: event ?? hook_event_name,
        data,
      })),
    ),
  'bodies in payload': (bodies) => lines(bodies.map(({ ts, ...payload }) => ({ timestamp: ts, payload }))),
  Docker: (bodies) =>
    lines(
      bodies.map((body) => ({
        log: `${JSON.stringify(body)}\n`,
        stream: 'stdout',
        time: '2020-01-01T00:00:00Z',
      })),
    ),
  Compose: (bodies) => bodies.map((body) => `hermes-1  | ${JSON.stringify(body)}\n`).join(''),
  'two on each line': (bodies) =>
    bodies.map((body, index) => JSON.stringify(body) + (index % 2 === 1 ? '\n' : '')).join(''),
  'a debug hook': (bodies) =>
    bodies.map((body) => `=== Mon ===\nEVENT: x\n${JSON.stringify(body, undefined, 2)}\n`).join(''),
};

function lines(bodies: readonly Body[]): string {
  return bodies.map((body) => `${JSON.stringify(body)}\n`).join('');
}

/** The same log of a recorder east of Greenwich that writes no zone, as Python's `datetime.now().isoformat()`. */
function inLocalTime(body: Body): Body {
  const micros = Math.round(Number(body.ts) * 1e6) + 7200e6;
  const seconds = new Date(Math.floor(micros / 1e6) * 1000).toISOString().slice(0, 19);
  return { ...body, ts: `${seconds}.${String(micros % 1e6).padStart(6, '0')}` };
}

async function spansOf(text: string | Buffer): Promise<readonly AgentSpan[]> {
  const data = Buffer.from(text);
  // Odd pieces: a form is recognised, whatever the chunks are.
  const pieces = Array.from({ length: Math.ceil(data.length / 1013) }, (_, n) =>
    data.subarray(n * 1013, (n + 1) * 1013),
  );
  return (await readSpans(Readable.from(pieces))).spans;
}

test.each(LOGS.flatMap((log) => Object.entries(FORMS).map(([form, write]) => [log, form, write] as const)))(
  '%s: %s',
  async (log, _form, write) => {
    const text = readFileSync(`fixtures/recordings/${log}.ndjson`, 'utf8');
    const bodies = text
      .trimEnd()
      .split('\n')
      .map((line): Body => JSON.parse(line));
    const expected = await spansOf(text);
    expect(expected.length).toBeGreaterThan(3);
    expect(await spansOf(write(bodies))).toEqual(expected);
  },
);

// Since 0.16 Hermes sends times of its own, which show the offset.
test.each(LOGS.slice(1))('%s: local times without a zone', async (log) => {
  const text = readFileSync(`fixtures/recordings/${log}.ndjson`, 'utf8');
  const bodies = text
    .trimEnd()
    .split('\n')
    .map((line): Body => inLocalTime(JSON.parse(line)));
  expect(await spansOf(lines(bodies))).toEqual(await spansOf(text));
});
