import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from '@jest/globals';
import { type ByteSource, fileSource, streamSource } from '../../src/input/byte-source.ts';
import { findFiles } from '../../src/input/find-files.ts';
import { InputError, openSources } from '../../src/input/open-sources.ts';
import { type ReadLinesOptions, readLines } from '../../src/input/read-lines.ts';

const folder = mkdtempSync(join(tmpdir(), 'hermes-otel-input-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string | Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

async function read(source: ByteSource | undefined, options: Omit<ReadLinesOptions, 'onDiagnostic'> = {}) {
  if (source === undefined) throw new Error('no source');
  const lines: string[] = [];
  const damage: (string | undefined)[] = [];
  const reported: string[] = [];
  const onDiagnostic: ReadLinesOptions['onDiagnostic'] = ({ code, message, at }) =>
    reported.push(`${at?.line} ${code}: ${message}`);
  for await (const batch of readLines(source, { ...options, onDiagnostic })) {
    lines.push(...batch.map(({ text }) => text));
    damage.push(...batch.map((line) => line.damage?.kind));
  }
  return { lines, reported, lastDamage: damage.at(-1) };
}

async function readLog(log: string | AsyncIterable<unknown>) {
  const [source] = await openSources([log]);
  return read(source);
}

const noise = (seed: number) =>
  Array.from({ length: 12 }, (_, i) => ((seed * 7919 + i * 104_729) % 99_991).toString(36)).join('');
const manyLines = Array.from({ length: 8000 }, (_, i) => `{"n":${i},"x":"${noise(i)}"}`);
const manyText = Buffer.from(`${manyLines.join('\n')}\n`);

/** Compared as one text: a difference of 8,000 lines is no message. */
const sameLines = (a: readonly string[], b: readonly string[]) => a.join('\n') === b.join('\n');

describe('logs named on the command line', () => {
  test('the first one that cannot be opened is named with its reason', async () => {
    const good = file('good.ndjson', 'a\n');
    mkdirSync(join(folder, 'logs'));
    symlinkSync(join(folder, 'loop'), join(folder, 'loop'));
    expect(await openSources([good])).toMatchObject([{ name: good, reopenable: true }]);
    for (const [path, reason] of [
      [join(folder, 'none'), 'There is no file NAME: check the path.'],
      [join(good, 'x'), 'There is no file NAME: check the path.'],
      [join(folder, 'logs'), 'NAME is a directory: name the log files in it, for example with a glob.'],
      [join(folder, 'loop'), 'NAME cannot be read (ELOOP).'],
    ] as const) {
      const message = reason.replace('NAME', JSON.stringify(path));
      await expect(openSources([good, path])).rejects.toThrow(new InputError(message));
    }
  });

  test.each(['', '/*'])('what SQLite keeps beside a database is none: %j', async (glob) => {
    const home = mkdtempSync(join(folder, 'home-'));
    const names = ['hooks', 'hooks-journal', 'state.db', 'state.db-shm', 'state.db-wal'];
    for (const name of names)
      writeFileSync(join(home, name), name === 'state.db' ? 'SQLite format 3\0' : '{}\n');
    const { files } = await findFiles([`${home}${glob}`]);
    expect(files.map(({ path }) => basename(path)).sort()).toEqual(['hooks', 'hooks-journal', 'state.db']);
  });

  // Root may read everything, so the test steps down for a moment.
  const asNobody = process.geteuid?.() === 0 ? test : test.skip;
  asNobody('a file without permission is unreadable', async () => {
    const secret = file('secret.ndjson', 'a\n');
    execFileSync('chmod', ['000', secret]);
    execFileSync('chmod', ['755', folder]);
    process.seteuid?.(65_534);
    try {
      await expect(openSources([secret])).rejects.toThrow('may not be read: check its permissions.');
    } finally {
      process.seteuid?.(0);
    }
  });

  test('an empty file has no lines and no problem', async () => {
    expect(await readLog(file('empty', ''))).toEqual({ lines: [], reported: [], lastDamage: undefined });
    expect(await readLog(file('short', 'a'))).toEqual({
      lines: ['a'],
      reported: [],
      lastDamage: 'no_line_end',
    });
  });

  test('a named pipe is read to its end, also through gzip', async () => {
    for (const [name, content] of [
      ['pipe', 'a\nb\n'],
      ['pipe.gz', gzipSync('a\nb\n')],
    ] as const) {
      const path = join(folder, name);
      execFileSync('mkfifo', [path]);
      const [source] = await openSources([path]);
      expect(source?.reopenable).toBe(false);
      const [result] = await Promise.all([read(source), writePipe(path, content)]);
      expect(result.lines).toEqual(['a', 'b']);
    }
  });

  test('hundreds of files are read without keeping them open', async () => {
    const logs = Array.from({ length: 300 }, (_, i) =>
      file(`many-${i}`, `${i}\n${'x'.repeat(120_000)}\nend\n`),
    );
    const sources = await openSources(logs);
    const readers = sources.map((source) => readLines(source, { onDiagnostic: () => {} }));
    for (const reader of readers) expect((await reader.next()).value?.length).toBe(1);
    const descriptors = execFileSync('ls', [`/proc/${process.pid}/fd`])
      .toString()
      .split('\n').length;
    expect(descriptors).toBeLessThan(150);
    for (const reader of readers) {
      const rest: string[] = [];
      for await (const batch of reader) rest.push(...batch.map(({ text }) => text.slice(0, 3)));
      expect(rest).toEqual(['xxx', 'end']);
    }
  });
});

async function writePipe(path: string, content: string | Buffer): Promise<void> {
  const { writeFile } = await import('node:fs/promises');
  await writeFile(path, content);
}

describe('UTF-16', () => {
  const text = '{"a":"é😀"}\n{"b":1}\n';
  const little = Buffer.from(text, 'utf16le');
  const big = Buffer.from(little).swap16();
  const pieces = (data: Buffer, size: number) =>
    Readable.from(
      Array.from({ length: Math.ceil(data.length / size) }, (_, i) =>
        data.subarray(i * size, (i + 1) * size),
      ),
    );

  test.each([
    ['little endian, with a mark', Buffer.concat([Buffer.of(0xff, 0xfe), little])],
    ['little endian, without', little],
    ['big endian, with a mark', Buffer.concat([Buffer.of(0xfe, 0xff), big])],
    ['big endian, without', big],
  ])('%s is read as UTF-8, from a file, compressed and in pieces', async (_form, data) => {
    const expected = { lines: ['{"a":"é😀"}', '{"b":1}'], reported: [], lastDamage: undefined };
    expect(await readLog(file('wide.ndjson', data))).toEqual(expected);
    for (const size of [1, 3]) expect(await readLog(pieces(data, size))).toEqual(expected);
    expect(await readLog(file('wide.ndjson.gz', gzipSync(data)))).toEqual(expected);
  });

  test('half a character at the end is damage', async () => {
    const { lines } = await readLog(file('half.ndjson', little.subarray(0, -1)));
    expect(lines).toEqual(['{"a":"é😀"}', '{"b":1}\uFFFD']);
  });

  test('NULs that a crash left are none', async () => {
    expect((await readLog(file('nul.ndjson', '\0\0\0{"a":1}\n'))).lines).toEqual(['\0\0\0{"a":1}']);
  });
});

describe('gzip', () => {
  const packed = gzipSync(manyText);
  const twice = Buffer.concat([gzipSync('a\nb'), gzipSync('c\n'), gzipSync(''), gzipSync('d\n')]);

  test('is recognised by its first bytes, whatever the name', async () => {
    expect(sameLines((await readLog(file('plain-name', packed))).lines, manyLines)).toBe(true);
    expect((await readLog(file('not.gz', 'a\n'))).lines).toEqual(['a']);
  });

  test('members follow one another as one text, padded with zeros or not', async () => {
    const expected = { lines: ['a', 'bc', 'd'], reported: [], lastDamage: undefined };
    expect(await readLog(file('members.gz', twice))).toEqual(expected);
    expect(await readLog(file('padded.gz', Buffer.concat([twice, Buffer.alloc(100_000)])))).toEqual(expected);
  });

  test('on standard input, also byte by byte', async () => {
    const drops = Readable.from(Array.from(twice, (byte) => Buffer.of(byte)));
    expect((await readLog(drops)).lines).toEqual(['a', 'bc', 'd']);
    expect(sameLines((await readLog(Readable.from([packed]))).lines, manyLines)).toBe(true);
    expect((await readLog(Readable.from([Buffer.of(0x1f)]))).lines).toEqual(['\x1f']);
  });

  test('cut off, it gives every line before the cut, and one error', async () => {
    for (const cutBytes of [1, 8, 2000, packed.length - 30]) {
      const { lines, reported } = await readLog(file('cut.gz', packed.subarray(0, -cutBytes)));
      expect(reported).toEqual([
        expect.stringMatching(new RegExp(`^${lines.length} gzip-truncated: .*too early`)),
      ]);
      const whole = cutBytes <= 8 ? manyLines : manyLines.slice(0, Math.max(0, lines.length - 1));
      expect(sameLines(lines.slice(0, whole.length), whole)).toBe(true);
    }
    const half = await readLog(file('half.gz', packed.subarray(0, packed.length / 2)));
    expect(half.lines.length).toBeGreaterThan(manyLines.length * 0.4);
    expect(half.lastDamage).toBe('no_line_end');
  });

  test('with a wrong checksum, it gives every line, and one error', async () => {
    const wrong = Buffer.from(packed);
    wrong.writeUInt32LE(1, wrong.length - 8);
    const { lines, reported } = await readLog(file('checksum.gz', wrong));
    expect(sameLines(lines, manyLines)).toBe(true);
    expect(reported).toEqual([
      expect.stringMatching(/^8000 gzip-corrupt: .*; the 8000 lines before that were read$/),
    ]);
  });

  test('followed by something else, it gives every line, and one error', async () => {
    const { lines, reported } = await readLog(
      file('tail.gz', Buffer.concat([packed, Buffer.from('not gzip')])),
    );
    expect(sameLines(lines, manyLines)).toBe(true);
    expect(reported).toEqual([expect.stringMatching(/^8000 gzip-corrupt/)]);
  });

  test('damaged in the middle, a file gives every line before the damage, a pipe all but the last step', async () => {
    const wrong = Buffer.from(packed);
    const middle = Math.floor(wrong.length / 2);
    wrong.fill(0xff, middle, middle + 64);
    const { lines, reported } = await readLog(file('damaged.gz', wrong));
    // What zlib makes of the bytes before the damage, cut off right there.
    const sound = await readLog(file('sound.gz', wrong.subarray(0, middle)));
    expect(sound.lines.length).toBeGreaterThan(manyLines.length * 0.4);
    expect(sameLines(lines.slice(0, sound.lines.length - 1), sound.lines.slice(0, -1))).toBe(true);
    expect(reported.map((line) => line.split(':')[0])).toEqual([`${lines.length} gzip-corrupt`]);
    const piped = await readLog(Readable.from([wrong]));
    expect(piped.lines.length).toBeGreaterThan(manyLines.length * 0.35);
    expect(sameLines(piped.lines.slice(0, -1), lines.slice(0, piped.lines.length - 1))).toBe(true);
  });

  test('nothing but its first bytes is an error, not an empty log', async () => {
    const { lines, reported } = await readLog(file('head.gz', Buffer.of(0x1f, 0x8b)));
    expect(lines).toEqual([]);
    expect(reported).toEqual([expect.stringMatching(/^0 gzip-truncated: .*, before any line$/)]);
  });
});

describe('reading that ends early', () => {
  test('an error in mid-stream keeps the lines before it', async () => {
    const stream = Readable.from(
      (async function* () {
        yield Buffer.from('a\nb');
        throw Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO', syscall: 'read' });
      })(),
    );
    const { lines, reported, lastDamage } = await readLog(stream);
    expect(lines).toEqual(['a', 'b']);
    expect(lastDamage).toBe('no_line_end');
    expect(reported).toEqual(['2 read-failed: reading failed (EIO); the 2 lines before that were read']);
  });

  test('a file that cannot be read any more is a diagnostic', async () => {
    const { lines, reported } = await read(fileSource(join(folder, 'gone')));
    expect({ lines, reported }).toEqual({
      lines: [],
      reported: ['0 read-failed: reading failed (ENOENT), before any line'],
    });
  });

  test('a file replaced between two chunks is not read on', async () => {
    const path = file('replaced', 'a\nb\nc\n');
    const lines: string[] = [];
    const reported: string[] = [];
    const onDiagnostic: ReadLinesOptions['onDiagnostic'] = ({ code }) => reported.push(code);
    for await (const [line] of readLines(fileSource(path, { keepOpen: false, chunkBytes: 2 }), {
      onDiagnostic,
    })) {
      lines.push(line?.text ?? '');
      if (lines.length === 2) {
        writeFileSync(`${path}.new`, 'x\ny\nz\n');
        execFileSync('mv', [`${path}.new`, path]);
      }
    }
    expect({ lines, reported }).toEqual({ lines: ['a', 'b'], reported: ['read-failed'] });
  });

  test('an abort ends an endless stream, keeps its whole lines, and lets go of it', async () => {
    const endless = new PassThrough();
    endless.write('a\nb\nhalf');
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 30);
    const result = await read(
      streamSource('-', async () => endless),
      { signal: stop.signal },
    );
    expect(result).toEqual({ lines: ['a', 'b'], reported: [], lastDamage: undefined });
    expect(endless.destroyed).toBe(true);
    expect(endless.listenerCount('readable')).toBe(0);
  });

  test('an abort ends a file at the next chunk, without a complaint', async () => {
    const stop = new AbortController();
    const lines: string[] = [];
    const options = {
      signal: stop.signal,
      chunkBytes: 1000,
      onDiagnostic: () => expect('a diagnostic').toBe('none'),
    };
    for await (const batch of readLines(fileSource(file('long', manyText)), options)) {
      lines.push(...batch.map(({ text }) => text));
      stop.abort();
    }
    expect(lines.length).toBeGreaterThan(5);
    expect(lines).toEqual(manyLines.slice(0, lines.length));
    expect(lines.length).toBeLessThan(50);
  });

  test('nothing is read before it is asked for', async () => {
    let made = 0;
    const stream = Readable.from(
      (function* () {
        for (made = 0; made < 1000; made += 1) yield Buffer.from(`${made}\n`);
      })(),
      { highWaterMark: 1 },
    );
    const reader = readLines(
      streamSource('-', async () => stream),
      { onDiagnostic: () => {} },
    );
    await reader.next();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(made).toBeLessThan(10);
    await reader.return();
    expect(stream.destroyed).toBe(true);
  });
});
