import { spawn, spawnSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { specialFile } from '../../src/input/find-files.ts';
import { type FollowOptions, type FollowProgress, followLines } from '../../src/input/follow.ts';

let folder: string;
const running: Followed[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hermes-otel-follow-'));
});
afterEach(async () => {
  for (const followed of running.splice(0)) await followed.stop();
  rmSync(folder, { recursive: true, force: true });
});

interface Followed {
  /** `name:line text`, in the order they came. */
  readonly lines: string[];
  readonly texts: () => string[];
  readonly reported: string[];
  readonly progress: () => FollowProgress;
  /** Waits until so many lines came. */
  readonly until: (count: number) => Promise<void>;
  readonly untilText: (text: string) => Promise<void>;
  readonly untilReported: (count: number) => Promise<void>;
  readonly stop: () => Promise<void>;
}

const at = (name: string) => join(folder, name);
const POLL = 4;

function follow(paths: readonly string[], options: Partial<FollowOptions> = {}): Followed {
  const stop = new AbortController();
  const lines: string[] = [];
  const texts: string[] = [];
  const reported: string[] = [];
  let progress: FollowProgress = { positions: [], lagBytes: 0 };
  const batches = followLines(paths, {
    pollMillis: POLL,
    signal: stop.signal,
    onDiagnostic: (diagnostic) => {
      expect(diagnostic.at?.source).toContain(folder);
      reported.push(`${diagnostic.severity} ${diagnostic.code}`);
    },
    ...options,
  });
  const done = (async () => {
    for await (const batch of batches) {
      for (const { source, line, text } of batch.lines) {
        lines.push(`${source.slice(folder.length + 1)}:${line} ${text.slice(0, 12).trim()}`);
        texts.push(text.slice(0, 12).trim().split(' ')[0] ?? '');
      }
      progress = batch.progress();
    }
  })();
  const waitFor = async (list: readonly string[], count: number) => {
    const end = Date.now() + 15_000;
    while (list.length < count && Date.now() < end) await sleep(2);
    // A moment longer: more than these must not come.
    await sleep(4 * POLL);
    if (list.length !== count) throw new Error(`${count} expected, but: ${list.join(' | ')}`);
  };
  const followed: Followed = {
    lines,
    texts: () => texts,
    reported,
    progress: () => progress,
    until: (count) => waitFor(lines, count),
    untilText: async (text) => {
      const end = Date.now() + 15_000;
      while (!texts.includes(text) && Date.now() < end) await sleep(2);
      if (!texts.includes(text))
        throw new Error(`${text} did not come: ${texts.join(' | ')}; ${reported.join()}`);
    },
    untilReported: (count) => waitFor(reported, count),
    stop: async () => {
      stop.abort();
      await done;
    },
  };
  running.push(followed);
  return followed;
}

/** Lines long enough that a few of them are a distinctive beginning. */
const wide = (...names: string[]): string => names.map((name) => `${name.padEnd(600)}\n`).join('');

async function positionsAfter(paths: string[], count: number): Promise<FollowProgress> {
  const followed = follow(paths);
  await followed.until(count);
  await followed.stop();
  // As a checkpoint keeps them.
  return JSON.parse(JSON.stringify(followed.progress()));
}

describe('a file that grows', () => {
  test('gives each line once its end is written', async () => {
    writeFileSync(at('log'), 'a1\na2\nha');
    const followed = follow([at('log')]);
    await followed.until(2);
    for (const part of ['l', 'f', '\r', '\n', 'a4\n']) {
      appendFileSync(at('log'), part);
      await sleep(3 * POLL);
    }
    await followed.until(4);
    expect(followed.lines).toEqual(['log:1 a1', 'log:2 a2', 'log:3 half', 'log:4 a4']);
    expect(followed.reported).toEqual([]);
  });

  test('cut inside a character, waits for the rest of it', async () => {
    const bytes = Buffer.from('€€\n');
    writeFileSync(at('log'), bytes.subarray(0, 4));
    const followed = follow([at('log')]);
    await sleep(5 * POLL);
    appendFileSync(at('log'), bytes.subarray(4));
    await followed.until(1);
    expect(followed.lines).toEqual(['log:1 €€']);
  });

  test('its unfinished last line is reported at the end, not given', async () => {
    writeFileSync(at('log'), 'a1\nhalf');
    const followed = follow([at('log')]);
    await followed.until(1);
    await followed.stop();
    expect(followed.reported).toEqual(['info unfinished-line']);
    expect(followed.progress().positions).toMatchObject([{ path: at('log'), offsetBytes: 3, line: 1 }]);
    expect(followed.progress().lagBytes).toBe(0);
  });

  test('what was written just before the end is read', async () => {
    writeFileSync(at('log'), 'a1\n');
    const followed = follow([at('log')], { pollMillis: 60_000 });
    await followed.until(1);
    appendFileSync(at('log'), 'a2\n');
    await followed.stop();
    expect(followed.lines).toEqual(['log:1 a1', 'log:2 a2']);
  });

  test('100,000 lines from a writer that does not wait come complete and in order', async () => {
    const followed = follow([at('log')]);
    for (let part = 0; part < 100; part += 1) {
      const text = Array.from({ length: 1000 }, (_, i) => `n${part * 1000 + i}\n`).join('');
      const cut = (part * 37) % text.length;
      appendFileSync(at('log'), text.slice(0, cut));
      if (part % 10 === 0) await sleep(POLL);
      appendFileSync(at('log'), text.slice(cut));
    }
    await followed.until(100_000);
    expect(followed.lines.every((line, i) => line === `log:${i + 1} n${i}`)).toBe(true);
  });
});

describe('a file that is rotated', () => {
  test('by rename, is read to its end before the new one', async () => {
    writeFileSync(at('log'), 'a1\n');
    const followed = follow([at('log')]);
    await followed.until(1);
    appendFileSync(at('log'), 'a2\n');
    renameSync(at('log'), at('log.1'));
    writeFileSync(at('log'), 'b1\n');
    appendFileSync(at('log.1'), 'a3\n');
    await followed.until(4);
    expect(followed.lines).toEqual(['log:1 a1', 'log:2 a2', 'log:3 a3', 'log:1 b1']);
    // The writer holds on to the old file for a while.
    appendFileSync(at('log.1'), 'a4\n');
    appendFileSync(at('log'), 'b2\n');
    await followed.until(6);
    expect(new Set(followed.texts().slice(4))).toEqual(new Set(['a4', 'b2']));
    expect(followed.reported).toEqual([]);
  });

  test('by rename, with a backlog of many turns, all of the old one comes first', async () => {
    writeFileSync(at('log'), 'a0\n');
    const followed = follow([at('log')]);
    await followed.until(1);
    const count = 12_000;
    appendFileSync(at('log'), Array.from({ length: count }, () => `a${' '.repeat(1000)}\n`).join(''));
    renameSync(at('log'), at('log.1'));
    writeFileSync(at('log'), 'b1\n');
    await followed.until(count + 2);
    expect(followed.texts().indexOf('b1')).toBe(count + 1);
  });

  test('several times in a row, in a directory', async () => {
    mkdirSync(at('logs'));
    const followed = follow([at('logs')]);
    for (let turn = 0; turn < 5; turn += 1) {
      writeFileSync(at('logs/log'), `t${turn}\n`);
      await followed.until(turn * 2 + 1);
      appendFileSync(at('logs/log'), `u${turn}\n`);
      renameSync(at('logs/log'), at(`logs/log.${turn}`));
    }
    await followed.until(10);
    expect(followed.texts()).toEqual(['t0', 'u0', 't1', 'u1', 't2', 'u2', 't3', 'u3', 't4', 'u4']);
    expect(followed.reported).toEqual([]);
  });

  test.each([
    ['a single file', (log: string) => [log]],
    ['a directory', (log: string) => [join(log, '..')]],
  ])('by copy and truncation, in %s, gives what came last from the copy', async (_claim, pathsOf) => {
    mkdirSync(at('logs'));
    writeFileSync(at('logs/log'), wide('a1', 'a2', 'a3'));
    const followed = follow(pathsOf(at('logs/log')));
    await followed.until(3);
    appendFileSync(at('logs/log'), wide('a4'));
    copyFileSync(at('logs/log'), at('logs/log.1'));
    truncateSync(at('logs/log'));
    await sleep(3 * POLL);
    appendFileSync(at('logs/log'), wide('b1', 'b2'));
    await followed.until(6);
    expect(followed.texts()).toEqual(['a1', 'a2', 'a3', 'a4', 'b1', 'b2']);
    expect(followed.lines.slice(3)).toEqual(['logs/log:4 a4', 'logs/log:1 b1', 'logs/log:2 b2']);
    expect(followed.reported).toEqual(['info restarted-file']);
  });

  test('by truncation, is read from its beginning, also when it has grown beyond where it was', async () => {
    writeFileSync(at('log'), 'a1\na2\nha');
    const followed = follow([at('log')]);
    await followed.until(2);
    writeFileSync(at('log'), 'b1\nb2\nb3\nb4\nb5\n');
    await followed.until(7);
    expect(followed.lines.slice(2)).toEqual(['log:1 b1', 'log:2 b2', 'log:3 b3', 'log:4 b4', 'log:5 b5']);
    expect(followed.reported).toEqual(['warning restarted-file']);
  });

  test('deleted and made again, is another file', async () => {
    writeFileSync(at('log'), 'a1\n');
    const followed = follow([at('log')]);
    await followed.until(1);
    unlinkSync(at('log'));
    await sleep(3 * POLL);
    writeFileSync(at('log'), 'b1\n');
    await followed.until(2);
    expect(followed.lines).toEqual(['log:1 a1', 'log:1 b1']);
    expect(followed.reported).toEqual([]);
  });

  test('copied over with more, as a mirror does, goes on where it was', async () => {
    writeFileSync(at('log'), wide('a1', 'a2', 'a3'));
    const followed = follow([at('log')]);
    await followed.until(3);
    writeFileSync(at('log.new'), wide('a1', 'a2', 'a3', 'a4'));
    renameSync(at('log.new'), at('log'));
    await followed.until(4);
    writeFileSync(at('log'), wide('a1', 'a2', 'a3', 'a4', 'a5'));
    await followed.until(5);
    expect(followed.texts()).toEqual(['a1', 'a2', 'a3', 'a4', 'a5']);
  });
});

describe('files that come and go', () => {
  test('a file is waited for', async () => {
    const followed = follow([at('log')]);
    await followed.untilReported(1);
    writeFileSync(at('log'), 'a1\n');
    await followed.until(1);
    expect(followed.reported).toEqual(['info awaited-file']);
  });

  test('new files in a directory are picked up; hidden, compressed and nested ones are not', async () => {
    mkdirSync(at('logs/below'), { recursive: true });
    writeFileSync(at('logs/one'), 'a1\n');
    const followed = follow([at('logs')]);
    await followed.until(1);
    writeFileSync(at('logs/.hidden'), 'no\n');
    writeFileSync(at('logs/below/deep'), 'no\n');
    writeFileSync(at('logs/old.gz'), gzipSync('no\n'));
    writeFileSync(at('logs/two'), '');
    await sleep(3 * POLL);
    appendFileSync(at('logs/two'), 'b1\n');
    appendFileSync(at('logs/one'), 'a2\n');
    await followed.until(3);
    expect(followed.lines.slice().sort()).toEqual(['logs/one:1 a1', 'logs/one:2 a2', 'logs/two:1 b1']);
    expect(followed.reported).toEqual(['info compressed-file']);
  });

  test('a glob takes what fits it, now and later', async () => {
    mkdirSync(at('logs/x'), { recursive: true });
    writeFileSync(at('logs/x/a.ndjson'), 'a1\n');
    writeFileSync(at('logs/x/a.txt'), 'no\n');
    const followed = follow([at('logs/*/*.ndjson')]);
    await followed.until(1);
    mkdirSync(at('logs/y'));
    writeFileSync(at('logs/y/b.ndjson'), 'b1\n');
    await followed.until(2);
    expect(followed.texts()).toEqual(['a1', 'b1']);
  });

  test('a file named twice is read once', async () => {
    writeFileSync(at('log'), 'a1\n');
    const followed = follow([at('log'), folder, at('l*')]);
    await followed.until(1);
  });

  test('a copy made by hand of a file that is followed is not read', async () => {
    writeFileSync(at('log'), wide('a1', 'a2'));
    const followed = follow([folder]);
    await followed.until(2);
    copyFileSync(at('log'), at('log.backup'));
    await sleep(3 * POLL);
    appendFileSync(at('log'), wide('a3'));
    await followed.until(3);
    expect(followed.texts()).toEqual(['a1', 'a2', 'a3']);
  });

  test('hundreds of files are followed with few handles', async () => {
    mkdirSync(at('logs'));
    for (let i = 0; i < 600; i += 1) writeFileSync(at(`logs/${i}`), `${i}\n`);
    const followed = follow([at('logs')]);
    await followed.until(600);
    expect(readdirSync('/proc/self/fd').length).toBeLessThan(450);
    for (let i = 0; i < 600; i += 100) appendFileSync(at(`logs/${i}`), 'more\n');
    await followed.until(606);
    expect(followed.texts().filter((text) => text === 'more').length).toBe(6);
  }, 20_000);

  // Root may read everything, so the test steps down for a moment.
  const asNobody = process.geteuid?.() === 0 ? test : test.skip;
  asNobody('an unreadable file is reported once, and read when it can be', async () => {
    chmodSync(folder, 0o755);
    writeFileSync(at('log'), 'a1\n');
    chmodSync(at('log'), 0);
    process.seteuid?.(65_534);
    try {
      const followed = follow([at('log')]);
      await followed.untilReported(1);
      expect(followed.reported).toEqual(['warning unreadable-file']);
      process.seteuid?.(0);
      await followed.until(1);
      expect(followed.reported.length).toBe(1);
    } finally {
      process.seteuid?.(0);
    }
  });
});

describe('a file whose read part was changed', () => {
  const names = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => `n${from + i}`);
  const change: readonly [name: string, change: (text: string) => void][] = [
    ['in place', (text) => writeFileSync(at('log'), text)],
    [
      'by another file, as `sed -i` does',
      (text) => {
        writeFileSync(at('log.new'), text);
        renameSync(at('log.new'), at('log'));
      },
    ],
  ];
  const kept = wide(...names(0, 12));
  const cut = `${kept}${wide(...names(20, 32))}`;
  const edited = wide(...names(0, 19), 'other', ...names(20, 32));

  test.each(change)(
    'cut between two runs and grown since, %s: every new line comes',
    async (_name, write) => {
      writeFileSync(at('log'), wide(...names(0, 20)));
      const { positions } = await positionsAfter([at('log')], 20);
      write(cut);
      const followed = follow([at('log')], { start: positions });
      await followed.untilText('n31');
      expect(followed.texts()).toEqual(expect.arrayContaining(names(20, 32)));
      // What has to be read again is in proportion to what was lost.
      expect(followed.texts().length).toBeLessThan(12 + 4 * 8);
      expect(followed.reported).toEqual(['warning changed-file']);
    },
  );

  test.each(change)('cut while it is followed, %s: every new line comes', async (_name, write) => {
    writeFileSync(at('log'), wide(...names(0, 20)));
    const followed = follow([at('log')]);
    await followed.until(20);
    write(kept);
    await sleep(10 * POLL);
    appendFileSync(at('log'), wide(...names(20, 32)));
    await followed.untilText('n31');
    expect(followed.texts().slice(20)).toEqual(expect.arrayContaining(names(20, 32)));
    expect(followed.reported).toContain('warning changed-file');
  });

  test.each(change)(
    'edited while it is followed, %s: the edited line and all after it come',
    async (_name, write) => {
      writeFileSync(at('log'), wide(...names(0, 20)));
      const followed = follow([at('log')]);
      await followed.until(20);
      write(edited);
      await followed.untilText('n31');
      expect(followed.texts().slice(20)).toEqual(expect.arrayContaining(['other', ...names(20, 32)]));
      expect(followed.reported).toEqual(['warning changed-file']);
    },
  );

  test('cut and not grown again, it is read on from where it was cut', async () => {
    writeFileSync(at('log'), wide(...names(0, 20)));
    const followed = follow([at('log')]);
    await followed.until(20);
    truncateSync(at('log'), kept.length);
    appendFileSync(at('log'), wide('new'));
    await followed.untilText('new');
    expect(followed.reported).toEqual(['warning shortened-file', 'warning changed-file']);
  });

  test('whatever was cut and appended, every line after the cut comes', async () => {
    const lines = fc.array(fc.integer({ min: 1, max: 900 }), { minLength: 1, maxLength: 60 });
    const texts = (sizes: readonly number[], name: string) =>
      sizes.map((size, i) => `${name}${i} ${'x'.repeat(size)}\n`).join('');
    const law = fc.asyncProperty(lines, fc.nat(), lines, async (first, at_, second) => {
      const log = at('law');
      writeFileSync(log, texts(first, 'a'));
      const before = follow([log]);
      await before.until(first.length);
      await before.stop();
      const bytes = Buffer.from(texts(first, 'a'));
      const left = bytes.subarray(0, bytes.lastIndexOf('\n', at_ % bytes.length) + 1);
      writeFileSync(log, Buffer.concat([left, Buffer.from(texts(second, 'b'))]));
      const after = follow([log], { start: before.progress().positions });
      await after.untilText(`b${second.length - 1}`);
      const fresh = new Set(after.texts().filter((text) => text.startsWith('b')));
      expect(fresh.size).toBe(second.length);
      await after.stop();
      rmSync(log);
    });
    await fc.assert(law, { numRuns: 25, seed: 7 });
  });
});

describe('a short log', () => {
  test.each([
    ['copied by hand', () => {}],
    ['copied and truncated', () => truncateSync(at('logs/log'))],
  ])('%s beside itself, is read once', async (_name, then) => {
    mkdirSync(at('logs'));
    writeFileSync(at('logs/log'), 'a1\na2\n');
    const followed = follow([at('logs')]);
    await followed.until(2);
    copyFileSync(at('logs/log'), at('logs/log.1'));
    await sleep(5 * POLL);
    then();
    await sleep(5 * POLL);
    appendFileSync(at('logs/log'), 'a3\n');
    await followed.until(3);
    expect(followed.texts()).toEqual(['a1', 'a2', 'a3']);
  });

  test('copied and truncated while nobody follows, is read to its end in the copy', async () => {
    writeFileSync(at('log'), 'a1\na2\n');
    const { positions } = await positionsAfter([at('log')], 2);
    appendFileSync(at('log'), 'a3\n');
    copyFileSync(at('log'), at('log.1'));
    writeFileSync(at('log'), 'b1\n');
    const followed = follow([at('log')], { start: positions });
    await followed.until(2);
    expect(followed.texts()).toEqual(['a3', 'b1']);
  });
});

test('a symbolic link that is switched while nobody follows: its old target is read to its end', async () => {
  mkdirSync(at('data'));
  writeFileSync(at('data/one'), 'a1\n');
  symlinkSync(at('data/one'), at('log'));
  const { positions } = await positionsAfter([at('log')], 1);
  appendFileSync(at('data/one'), 'a2\n');
  writeFileSync(at('data/two'), 'b1\n');
  unlinkSync(at('log'));
  symlinkSync(at('data/two'), at('log'));
  const followed = follow([at('log')], { start: positions });
  await followed.until(2);
  expect(followed.texts()).toEqual(['a2', 'b1']);
  expect(followed.reported).toEqual([]);
});

test('a path that becomes a named pipe is reported', async () => {
  spawnSync('mkfifo', [at('log')]);
  const followed = follow([at('log')]);
  await followed.untilReported(1);
  expect(followed.reported).toEqual(['warning special-file']);
  expect(await Promise.all([at('log'), '/dev/null', folder, at('none')].map(specialFile))).toEqual([
    'a named pipe',
    'a device',
    undefined,
    undefined,
  ]);
});

test('files that are rotated while their directory is listed come in their order', async () => {
  mkdirSync(at('logs'));
  const followed = follow([at('logs')], { pollMillis: 1 });
  const writer = `
    const fs = require('node:fs');
    const name = (n) => process.argv[1] + '/log' + (n === 0 ? '' : '.' + n);
    for (let turn = 0; turn < 120; turn += 1) {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 8);
      for (let n = turn; n > 0; n -= 1) fs.renameSync(name(n - 1), name(n));
      fs.writeFileSync(name(0), String(turn).padEnd(1100) + '\\n');
    }`;
  spawn(process.execPath, ['-e', writer, at('logs')], { stdio: 'inherit' });
  await followed.until(120);
  expect(followed.texts()).toEqual(Array.from({ length: 120 }, (_, turn) => `${turn}`));
});

describe('a restart from positions', () => {
  test('goes on after the last whole line, with its number', async () => {
    writeFileSync(at('log'), 'a1\na2\nha');
    const { positions } = await positionsAfter([at('log')], 2);
    appendFileSync(at('log'), 'lf\na4\n');
    const followed = follow([at('log')], { start: positions });
    await followed.until(2);
    expect(followed.lines).toEqual(['log:3 half', 'log:4 a4']);
  });

  test('reads the rest of a file that was renamed meanwhile, then the new one', async () => {
    writeFileSync(at('log'), 'a1\n');
    const { positions } = await positionsAfter([at('log')], 1);
    appendFileSync(at('log'), 'a2\n');
    renameSync(at('log'), at('log.1'));
    writeFileSync(at('log'), 'b1\n');
    const followed = follow([at('log')], { start: positions });
    await followed.until(2);
    expect(followed.lines).toEqual(['log:2 a2', 'log:1 b1']);
    expect(followed.reported).toEqual([]);
  });

  test('reads the rest of a file that was copied and truncated meanwhile', async () => {
    writeFileSync(at('log'), wide('a1', 'a2'));
    const { positions } = await positionsAfter([at('log')], 2);
    appendFileSync(at('log'), wide('a3'));
    copyFileSync(at('log'), at('log.1'));
    writeFileSync(at('log'), wide('b1'));
    const followed = follow([at('log')], { start: positions });
    await followed.until(2);
    expect(followed.texts()).toEqual(['a3', 'b1']);
  });

  test('of a directory in which files were renamed and added', async () => {
    mkdirSync(at('logs'));
    writeFileSync(at('logs/log'), 'a1\n');
    const { positions } = await positionsAfter([at('logs')], 1);
    renameSync(at('logs/log'), at('logs/log.1'));
    appendFileSync(at('logs/log.1'), 'a2\n');
    writeFileSync(at('logs/log'), 'b1\n');
    const followed = follow([at('logs')], { start: positions });
    await followed.until(2);
    expect(followed.lines.slice().sort()).toEqual(['logs/log.1:2 a2', 'logs/log:1 b1']);
  });

  test('knows a file by its content when its numbers have changed', async () => {
    writeFileSync(at('log'), wide('a1', 'a2'));
    const { positions } = await positionsAfter([at('log')], 2);
    const moved = positions.map((p) => ({ ...p, identity: { ...p.identity, device: 1, inode: 1 } }));
    appendFileSync(at('log'), wide('a3'));
    const followed = follow([at('log')], { start: moved });
    await followed.until(1);
    expect(followed.lines).toEqual(['log:3 a3']);
  });

  test('reports when a file is gone, and when it is none of the logs any more', async () => {
    writeFileSync(at('log'), 'a1\n');
    writeFileSync(at('other'), 'o1\n');
    const { positions } = await positionsAfter([at('log'), at('other')], 2);
    unlinkSync(at('log'));
    writeFileSync(at('log'), 'b1\n');
    const followed = follow([at('log')], { start: positions });
    await followed.until(1);
    expect(followed.lines).toEqual(['log:1 b1']);
    expect(followed.reported.slice().sort()).toEqual(['warning unasked-position', 'warning vanished-file']);
  });

  test('at any batch gives exactly what was not given before', async () => {
    const names = Array.from({ length: 3000 }, (_, i) => `n${i}`);
    writeFileSync(at('log'), wide(...names));
    const seen: string[] = [];
    let start: FollowProgress['positions'] = [];
    let runs = 0;
    for (; seen.length < names.length && runs < 50; runs += 1) {
      const options = { pollMillis: POLL, start, onDiagnostic: () => {}, maxLineBytes: 1000 };
      for await (const { lines, progress } of followLines([at('log')], options)) {
        seen.push(...lines.map(({ text }) => text.trim()));
        start = progress().positions;
        break;
      }
    }
    expect(seen.join()).toBe(names.join());
    expect(runs).toBeGreaterThan(5);
  });
});
