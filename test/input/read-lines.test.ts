import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { ByteSource } from '../../src/input/byte-source.ts';
import { readLines } from '../../src/input/read-lines.ts';
import type { Diagnostic } from '../../src/model/diagnostic.ts';
import type { InputLine } from '../../src/model/line.ts';
import { anyText } from '../any-text.ts';

function sourceOf(chunks: readonly Uint8Array[]): ByteSource {
  return {
    name: 'a.ndjson',
    reopenable: true,
    async *open() {
      // One buffer for all chunks, as a file is read: what is kept must have been copied.
      const shared = Buffer.alloc(Math.max(0, ...chunks.map((chunk) => chunk.length)));
      for (const chunk of chunks) {
        shared.fill(0x5a);
        shared.set(chunk);
        yield shared.subarray(0, chunk.length);
      }
      return undefined;
    },
  };
}

async function linesOf(chunks: readonly Uint8Array[], maxLineBytes?: number): Promise<InputLine[]> {
  const diagnostics: Diagnostic[] = [];
  const lines: InputLine[] = [];
  const options = { maxLineBytes, onDiagnostic: (d: Diagnostic) => diagnostics.push(d) };
  for await (const batch of readLines(sourceOf(chunks), options)) lines.push(...batch);
  expect(diagnostics).toEqual([]);
  return lines;
}

const bytes = (...parts: (string | number)[]): Buffer =>
  Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.of(part))));

type Row = [text: string, endOffsetBytes: number, damage?: InputLine['damage']];
const BOM = '\uFEFF';
const noLineEnd = { kind: 'no_line_end' } as const;
const invalid = { kind: 'invalid_utf8' } as const;

const table: [claim: string, input: Buffer, expected: Row[]][] = [
  ['an empty source has no lines', bytes(), []],
  [
    'a line without its end is given, and marked',
    bytes('a\nb'),
    [
      ['a', 2],
      ['b', 3, noLineEnd],
    ],
  ],
  [
    'only line ends are only empty lines',
    bytes('\n\n\n'),
    [
      ['', 1],
      ['', 2],
      ['', 3],
    ],
  ],
  [
    'one \\r before the line end belongs to it',
    bytes('a\r\nb\r\r\n\r\n'),
    [
      ['a', 3],
      ['b\r', 7],
      ['', 9],
    ],
  ],
  [
    'a \\r elsewhere is text',
    bytes('a\rb\n\rc\n'),
    [
      ['a\rb', 4],
      ['\rc', 7],
    ],
  ],
  ['U+2028 and U+0085 do not end a line', bytes('a\u2028b\u0085\n'), [['a\u2028b\u0085', 8]]],
  [
    'a byte order mark is not text',
    bytes(`${BOM}a\nb\n`),
    [
      ['a', 5],
      ['b', 7],
    ],
  ],
  [
    'only one, and only at the start',
    bytes(`${BOM}${BOM}a\n${BOM}b\n`),
    [
      [`${BOM}a`, 8],
      [`${BOM}b`, 13],
    ],
  ],
  [
    'NUL bytes are text',
    bytes('a\0b\n\0\n'),
    [
      ['a\0b', 4],
      ['\0', 6],
    ],
  ],
  [
    'bad bytes become U+FFFD and mark their line alone',
    bytes('é\n"', 0xff, '"\nü\n'),
    [
      ['é', 3],
      ['"\uFFFD"', 7, invalid],
      ['ü', 10],
    ],
  ],
  ['an encoded surrogate is not UTF-8', bytes(0xed, 0xa0, 0x80, '\n'), [['\uFFFD\uFFFD\uFFFD', 4, invalid]]],
  [
    'a log cut inside a character lacks its line end',
    bytes('a\nb', 0xe2, 0x82),
    [
      ['a', 2],
      ['b\uFFFD', 5, noLineEnd],
    ],
  ],
  ['a last line with bad bytes is not UTF-8', bytes('b', 0xff, 'c'), [['b\uFFFDc', 3, invalid]]],
  [
    'a character cut by the line end is not UTF-8',
    bytes(0xe2, 0x82, '\na\n'),
    [
      ['\uFFFD', 3, invalid],
      ['a', 5],
    ],
  ],
  ['an emoji is text', bytes('😀\n'), [['😀', 5]]],
];

describe('lines of bytes', () => {
  test.each(table)('%s', async (_claim, input, expected) => {
    const lines = expected.map(([text, endOffsetBytes, damage], index) => ({
      source: 'a.ndjson',
      line: index + 1,
      text,
      endOffsetBytes,
      damage,
    }));
    expect(await linesOf([input])).toEqual(lines);
    expect(await linesOf(Array.from(input, (byte) => Uint8Array.of(byte)))).toEqual(lines);
  });

  test('a line over the limit gives its size and none of its text, whole in one chunk or not', async () => {
    const expected = [
      ['12345678', undefined],
      ['', { kind: 'too_long', sizeBytes: 9 }],
      ['a', undefined],
      ['', { kind: 'too_long', sizeBytes: 20 }],
    ];
    const input = bytes('12345678\n123456789\na\n', 'x'.repeat(20));
    for (const step of [1, 3, 100]) {
      const lines = await linesOf(
        cut(input, () => step),
        8,
      );
      expect(lines.map(({ text, damage }) => [text, damage])).toEqual(expected);
      expect(lines.at(-1)?.endOffsetBytes).toBe(input.length);
    }
  });

  test('a line of 64 MiB is measured, not kept', async () => {
    const mebibyte = Buffer.alloc(1024 * 1024, 'x');
    const usedBytes = () => {
      const { arrayBuffers, heapUsed } = process.memoryUsage();
      return arrayBuffers + heapUsed;
    };
    const before = usedBytes();
    let most = 0;
    const source: ByteSource = {
      name: 'a.ndjson',
      reopenable: true,
      async *open() {
        yield Buffer.from('a\n');
        for (let i = 0; i < 64; i += 1) {
          yield mebibyte;
          most = Math.max(most, usedBytes() - before);
        }
        yield Buffer.from('\nb\n');
        return undefined;
      },
    };
    const lines: InputLine[] = [];
    for await (const batch of readLines(source, { onDiagnostic: () => {} })) lines.push(...batch);
    expect(lines.map(({ text, damage }) => [text, damage])).toEqual([
      ['a', undefined],
      ['', { kind: 'too_long', sizeBytes: 64 * 1024 * 1024 }],
      ['b', undefined],
    ]);
    // The limit is 16 MiB; growing towards it may leave some of its halves behind.
    expect(most).toBeLessThan(48 * 1024 * 1024);
  });

  test('100,000 lines are numbered and measured', async () => {
    const input = bytes(
      Array.from({ length: 100_000 }, (_, i) => `{"n":${i},"x":"${'é'.repeat(i % 7)}"}\n`).join(''),
    );
    const lines = await linesOf(cut(input, () => 65_536));
    expect(lines.length).toBe(100_000);
    expect(lines.every(({ line, text }, i) => line === i + 1 && text.startsWith(`{"n":${i},`))).toBe(true);
    expect(lines.at(-1)?.endOffsetBytes).toBe(input.length);
  });
});

function cut(input: Buffer, sizeAt: (index: number) => number): Buffer[] {
  const chunks: Buffer[] = [];
  for (let start = 0; start < input.length; ) {
    const size = sizeAt(chunks.length);
    chunks.push(input.subarray(start, start + size));
    start += size;
  }
  return chunks;
}

/** Bytes as a log may hold them, with many line ends, marks, characters of every length, and wrong bytes. */
const logBytes = fc
  .array(
    fc.oneof(
      {
        weight: 4,
        arbitrary: fc.constantFrom('\n', '\r\n', '\r', BOM, 'é', '€', '😀', '\0', '\u2028', '{"a":1}'),
      },
      { weight: 2, arbitrary: anyText({ maxLength: 8 }) },
      { weight: 1, arbitrary: fc.uint8Array({ maxLength: 4 }) },
    ),
    { maxLength: 40 },
  )
  .map((parts) => Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part))));

/** Objects as writers separate them, and what breaks them. */
const formBytes = fc
  .array(
    fc.constantFrom(
      '{"a":1}',
      '{"a":{"b":"}{"}}',
      '{\n  "a": "\\"{",\n  "b": {\n    "c": []\n  }\n}',
      '{"a":"\u00e9\u{1f600}"}',
      '\n',
      ' ',
      ',\n',
      '[',
      ']',
      '=== Mon Sep 21 ===\n',
      'text ',
      '{"cut":"of',
      '{\n  "cut": 1,\n',
      '\n{\n',
    ),
    { maxLength: 12 },
  )
  .map((parts) => Buffer.from(parts.join('')));

describe('laws of lines', () => {
  test('any chunking of the same bytes gives the same lines', async () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 });
    const limit = fc.constantFrom(3, 8, undefined);
    await fc.assert(
      fc.asyncProperty(fc.oneof(logBytes, formBytes), sizes, limit, async (input, steps, maxLineBytes) => {
        const whole = await linesOf([input], maxLineBytes);
        const pieces = cut(input, (index) => steps[index % steps.length] ?? 1);
        expect(await linesOf(pieces, maxLineBytes)).toEqual(whole);
      }),
      { numRuns: 1000 },
    );
  });

  test('offsets cut the bytes into exactly the lines', async () => {
    // Between objects and after the last one there may be white space, commas and brackets.
    const trimmed = (raw: string) => raw.replace(/^[\s,[\]\uFEFF]+|\s+$/g, '');
    await fc.assert(
      fc.asyncProperty(fc.oneof(logBytes, formBytes), async (input) => {
        let start = 0;
        for (const { text, endOffsetBytes } of await linesOf([input])) {
          expect(trimmed(input.toString('utf8', start, endOffsetBytes))).toBe(trimmed(text));
          start = endOffsetBytes;
        }
        expect(trimmed(input.toString('utf8', start))).toBe('');
      }),
      { numRuns: 500 },
    );
  });
});

describe('shortening', () => {
  const long = 'x'.repeat(3000);
  async function shortened(input: Buffer, chunkBytes: number): Promise<string[]> {
    const chunks = Array.from({ length: Math.ceil(input.length / chunkBytes) }, (_, index) =>
      input.subarray(index * chunkBytes, (index + 1) * chunkBytes),
    );
    const shorten = (line: Buffer) => (line[0] === 0x78 ? `${line.length} times x` : undefined);
    const texts: string[] = [];
    for await (const lines of readLines(sourceOf(chunks), { shorten, onDiagnostic: () => {} }))
      texts.push(...lines.map(({ text }) => text));
    return texts;
  }
  test.each([5, 2999, 3001, 100_000])(
    'long lines alone, and only whole ones (chunks of %i)',
    async (size) => {
      const input = bytes(`xx\n${long}\r\ny${long}\n${long}é\n${long}`, 0xff, `\n${long}`);
      const texts = await shortened(input, size);
      expect(texts).toEqual(['xx', '3000 times x', `y${long}`, '3002 times x', `${long}\uFFFD`, long]);
    },
  );
});
