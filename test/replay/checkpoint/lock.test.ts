import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { isOwner, takeLock } from '../../../src/replay/checkpoint/lock.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hermes-otel-lock-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const probe = (pid: number) => process.kill(pid, 0);
const take = () => takeLock(folder, process.pid, probe);
const host = hostname();
const gone = () => spawnSync(process.execPath, ['-e', '']).pid;

test.each([
  [
    'of a process that is gone is taken over',
    () => JSON.stringify({ host, pid: gone(), began: 'x' }),
    0,
    true,
  ],
  [
    'of a number that another process has now, too',
    () => JSON.stringify({ host, pid: process.pid, began: 'an earlier boot 1' }),
    0,
    true,
  ],
  ['that is no lock of ours, too', () => '', 0, true],
  ['of a process that cannot be, too', () => JSON.stringify({ host, pid: 0, began: '' }), 0, true],
  ['of another host is believed', () => JSON.stringify({ host: 'elsewhere', pid: 1, began: '' }), 30, false],
  [
    'of another host that fell silent is taken over',
    () => JSON.stringify({ host: 'elsewhere', pid: 1, began: '' }),
    90,
    true,
  ],
])('a lock %s', async (_name, content, ageSeconds, taken) => {
  writeFileSync(join(folder, 'lock'), content());
  const then = Date.now() / 1000 - ageSeconds;
  utimesSync(join(folder, 'lock'), then, then);
  const answer = await take();
  expect(isOwner(answer)).toBe(!taken);
  if (!isOwner(answer)) await answer.release();
});

test('one that is a link to nowhere is an error, not an endless wait', async () => {
  symlinkSync('nowhere', join(folder, 'lock'));
  await expect(take()).rejects.toMatchObject({ code: 'ENOENT' });
});

test('a held one names its owner, and a released one leaves nothing behind', async () => {
  const lock = await take();
  if (isOwner(lock)) throw new Error('nobody else is here');
  expect(await take()).toMatchObject({ host, pid: process.pid });
  await lock.release();
  expect(readdirSync(folder)).toEqual([]);
});

test('of many that meet a stale lock, one takes it', async () => {
  const stale = JSON.stringify({ host, pid: gone(), began: 'x' });
  for (let round = 0; round < 25; round += 1) {
    writeFileSync(join(folder, 'lock'), stale);
    const answers = await Promise.all(Array.from({ length: 8 }, () => take()));
    expect(answers.filter((answer) => !isOwner(answer))).toHaveLength(1);
    for (const answer of answers) if (!isOwner(answer)) await answer.release();
    expect(readdirSync(folder)).toEqual([]);
  }
});

test('one that was killed while it took a stale lock over is in nobody’s way', async () => {
  const stale = JSON.stringify({ host, pid: gone(), began: 'x' });
  const turn = `lock.${createHash('sha256').update(stale).digest('hex').slice(0, 16)}`;
  for (const name of ['lock', turn]) writeFileSync(join(folder, name), stale);
  const lock = await take();
  expect([isOwner(lock), readdirSync(folder)]).toEqual([false, ['lock']]);
  if (!isOwner(lock)) await lock.release();
});

test('the clock of another host does not matter, only that of the file system', async () => {
  writeFileSync(join(folder, 'lock'), JSON.stringify({ host: 'elsewhere', pid: 1, began: '' }));
  jest.useFakeTimers({ now: Date.now() + 3_600_000, doNotFake: ['setImmediate', 'nextTick', 'setInterval'] });
  try {
    expect(await take()).toMatchObject({ host: 'elsewhere' });
  } finally {
    jest.useRealTimers();
  }
});

test('one that another process has taken over is lost', async () => {
  const lock = await take();
  if (isOwner(lock)) throw new Error('nobody else is here');
  await lock.check();
  expect([lock.lost.aborted, lock.wasRenewed()]).toEqual([false, false]);
  const other = JSON.stringify({ host: 'elsewhere', pid: 1, began: '' });
  writeFileSync(join(folder, 'fresh'), other);
  renameSync(join(folder, 'fresh'), join(folder, 'lock'));
  await lock.check();
  expect(lock.lost.aborted).toBe(true);
  await lock.release();
  expect(readFileSync(join(folder, 'lock'), 'utf8')).toBe(other);
});

test('one that was removed with its directory is created again', async () => {
  const lock = await take();
  if (isOwner(lock)) throw new Error('nobody else is here');
  rmSync(folder, { recursive: true });
  await lock.check();
  expect([lock.lost.aborted, lock.wasRenewed(), lock.wasRenewed()]).toEqual([false, true, false]);
  expect(isOwner(await take())).toBe(true);
  await lock.release();
});

test('checking it makes it young for other hosts', async () => {
  const lock = await take();
  if (isOwner(lock)) throw new Error('nobody else is here');
  utimesSync(join(folder, 'lock'), 1, 1);
  await lock.check();
  expect(statSync(join(folder, 'lock')).mtimeMs).toBeGreaterThan(Date.now() - 10_000);
  await lock.release();
});
