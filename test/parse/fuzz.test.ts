import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { LineDamage, ParsedLine } from '../../src/model/line.ts';
import { parseLine, splitLine } from '../../src/parse/parse-line.ts';
import { anyText } from '../any-text.ts';
import { API, OBSERVER, USAGE } from './kwargs.ts';
import { AT, genuine, lineOf } from './lines.ts';

const LINES = ['0.14.0', '0.16.0', '0.19.0'].flatMap((v) => [
  ...genuine(`${v}.flat`),
  ...genuine(`${v}.shell`),
]);
const RUNS = { numRuns: 1000 };

const damage = fc.constantFrom<LineDamage | undefined>(
  undefined,
  { kind: 'invalid_utf8' },
  { kind: 'no_line_end' },
  { kind: 'too_long', sizeBytes: 5 },
);
const options = fc.record({ content: fc.boolean() });
const bytes = fc.uint8Array({ maxLength: 400 }).map((data) => new TextDecoder().decode(data));
/** A genuine line with a piece of it taken out, doubled, or replaced by noise. */
const mutated = fc
  .tuple(fc.constantFrom(...LINES), fc.nat(), fc.nat({ max: 30 }), anyText({ maxLength: 12 }))
  .map(([line, at, length, noise]) => {
    const start = at % line.length;
    return line.slice(0, start) + noise + line.slice(start + length);
  });
/** A hook call whose fields hold any JSON. */
const wild = fc
  .record({
    event: fc.constantFrom(
      ...LINES.map((line) => JSON.parse(line).event ?? JSON.parse(line).hook_event_name),
    ),
    values: fc.dictionary(
      fc.constantFrom(
        ...Object.keys({ ...OBSERVER, ...API, ...USAGE }),
        'ts',
        'usage',
        'args',
        'result',
        'error',
        'extra',
        'status',
        'user_message',
      ),
      fc.jsonValue(),
    ),
  })
  .map(({ event, values }) => JSON.stringify({ event, ...values }));

/** A line as another logger would have written it. */
const wrapped = fc
  .tuple(fc.oneof(fc.constantFrom(...LINES), mutated, wild), fc.nat({ max: 7 }))
  .map(([line, form]) => {
    const fields = form > 4 ? line : (safeJson(line) ?? line);
    return [
      JSON.stringify({ data: fields, event: 'pre_tool_call' }),
      JSON.stringify({ ts: 1, payload: fields }),
      JSON.stringify({ event: fields }),
      JSON.stringify({ hookType: 'post_tool_call', sessionId: 's', context: fields }),
      JSON.stringify({ data: { data: { data: { data: { data: fields } } } } }),
      JSON.stringify({ log: line, time: '2026-09-15T10:15:01Z' }),
      `2026-09-15T10:15:01Z stdout F ${line}`,
      line + line,
    ][form] as string;
  });

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

test.each([
  ['lines of other loggers', wrapped],
  ['bytes', bytes],
  ['JSON', fc.json()],
  ['genuine lines, mutated', mutated],
  ['hook calls with any value in any field', wild],
])('%s: never a throw, always an account of the line', (_name, texts) => {
  fc.assert(
    fc.property(texts, damage, options, (text, damaged, content) => {
      const parsed = parseLine(lineOf(text, damaged), content);
      expect(isWhole(parsed)).toBe(true);
      expect(parseLine(lineOf(text, damaged), content)).toEqual(parsed);
      for (const part of splitLine(lineOf(text, damaged)) ?? [])
        expect(isWhole(parseLine(part, content))).toBe(true);
    }),
    RUNS,
  );
});

/** True when the parsed line keeps what its type promises, where a hostile value could break it. */
function isWhole(parsed: ParsedLine): boolean {
  if (parsed.kind === 'blank') return true;
  if (parsed.kind === 'malformed') return parsed.diagnostic.at?.line === AT.line;
  if ('at' in parsed) return parsed.at.line === AT.line;
  const { event, diagnostics } = parsed;
  return (
    event.line === AT.line &&
    ids(event).every((id) => id === undefined || (typeof id === 'string' && id !== '')) &&
    numbersIn(event).every(Number.isFinite) &&
    diagnostics.every((diagnostic) => diagnostic.at?.line === AT.line && diagnostic.message.length < 300)
  );
}

function ids({ sessionId, taskId, turnId }: Extract<ParsedLine, { kind: 'event' | 'untimed' }>['event']) {
  return [sessionId, taskId, turnId];
}

/** Every number that stands in the event itself. */
function numbersIn(event: object): number[] {
  return Object.values(event).filter((value) => typeof value === 'number');
}
