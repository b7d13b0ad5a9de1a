import { Readable } from 'node:stream';
import zlib from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { openSources } from '../../src/input/open-sources.ts';
import { type ReadLinesOptions, readLines } from '../../src/input/read-lines.ts';
import { createZstdFrames } from '../../src/input/zstd-frames.ts';

/** Made by Node.js 24: one segment; with a checksum; 200,000 equal bytes as blocks of a repeated byte. And one that is skipped. */
const FRAMES = [
  '28b52ffd2003190000610a62',
  '28b52ffd6433007d000040630a630a630a780a0100282a300210d66d2e',
  '28b52ffda0400d0300540000107a7a0100fbff39c002036a087a',
  '5a2a4d1805000000aabbccddee',
].map((hex) => Buffer.from(hex, 'hex'));

/** Cuts bytes at any places. */
function pieces(bytes: Buffer, cuts: readonly number[]): readonly Buffer[] {
  const at = [0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  return at.slice(1).map((end, index) => bytes.subarray(at[index], end));
}

describe('the ends of frames', () => {
  test('are found however the bytes are cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...FRAMES), { minLength: 1 }),
        fc.array(fc.nat()),
        (some, cuts) => {
          const frames = createZstdFrames();
          const ends: number[] = [];
          let offset = 0;
          for (const piece of pieces(Buffer.concat(some), cuts)) {
            for (const end of frames.ends(piece)) ends.push(offset + end);
            offset += piece.length;
          }
          const expected: number[] = [];
          for (const { length } of some) expected.push((expected.at(-1) ?? 0) + length);
          expect([ends, frames.isInside()]).toEqual([expected, false]);
        },
      ),
    );
  });

  test('are missing in a frame that is cut', () => {
    for (const frame of FRAMES)
      for (let length = 1; length < frame.length; length++) {
        const frames = createZstdFrames();
        expect([[...frames.ends(frame.subarray(0, length))], frames.isInside()]).toEqual([[], true]);
      }
  });

  test('something else behind a frame is damage', () => {
    const ends = createZstdFrames().ends(Buffer.concat([FRAMES[0] ?? Buffer.alloc(0), Buffer.from('else')]));
    expect(ends.next().value).toBe(12);
    expect(() => ends.next()).toThrow('damaged (something else is behind a frame)');
  });
});

/** `undefined` before Node.js 22.15. */
const compress: ((bytes: Buffer) => Buffer) | undefined = Reflect.get(zlib, 'zstdCompressSync');
const describeZstd = compress === undefined ? describe.skip : describe;

describeZstd('a log that is compressed with zstd, on Node.js that has it', () => {
  const lines = Array.from(
    { length: 3000 },
    (_, index) => `{"n":${index},"x":"${(index * 7919).toString(36)}"}`,
  );
  const frameOf = (some: readonly string[]) =>
    compress?.(Buffer.from(some.map((line) => `${line}\n`).join(''))) ?? Buffer.alloc(0);
  const skipped = FRAMES[3] ?? Buffer.alloc(0);

  async function read(bytes: Buffer, cuts: readonly number[] = []) {
    const got: string[] = [];
    const reported: string[] = [];
    const onDiagnostic: ReadLinesOptions['onDiagnostic'] = ({ code }) => reported.push(code);
    const [source] = await openSources([
      Readable.from(pieces(bytes, cuts).filter(({ length }) => length > 0)),
    ]);
    if (source === undefined) throw new Error('no source');
    for await (const batch of readLines(source, { onDiagnostic })) got.push(...batch.map(({ text }) => text));
    return { lines: got, reported };
  }

  test('frames follow one another as one text, however they come', async () => {
    const bytes = Buffer.concat([
      ...lines.slice(0, 20).map((line) => frameOf([line])),
      skipped,
      frameOf(lines.slice(20, 2000)),
      frameOf(lines.slice(2000)),
    ]);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(), { maxLength: 20 }), async (cuts) => {
        expect(await read(bytes, cuts)).toEqual({ lines, reported: [] });
      }),
      { numRuns: 20 },
    );
  });

  test('a frame that is cut is an error, and the lines before the cut are there', async () => {
    const [first, second] = [frameOf(lines.slice(0, 1000)), frameOf(lines.slice(1000))];
    for (const left of [1, 3, 5, second.length - 1]) {
      const got = await read(Buffer.concat([first, second.subarray(0, left)]));
      expect(got.reported).toEqual(['gzip-truncated']);
      expect(got.lines.slice(0, 1000)).toEqual(lines.slice(0, 1000));
    }
  });

  test('damage in a later frame keeps the lines of those before it', async () => {
    const [first, second] = [frameOf(lines.slice(0, 1000)), frameOf(lines.slice(1000))];
    second.fill(0xff, 20, 60);
    const got = await read(Buffer.concat([first, second]));
    expect(got.reported).toEqual(['gzip-corrupt']);
    expect(got.lines.slice(0, 1000)).toEqual(lines.slice(0, 1000));
  });
});
