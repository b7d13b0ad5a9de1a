import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { epochMicros } from '../../src/model/time.ts';
import { sampleLog } from '../../src/sample/sample-log.ts';
import { BIN, startBinOnSmallDisk } from '../start-bin.ts';

// A real file system of 256 KB, mounted in a name space of its own. Where that is not allowed the test of test/cli/follow.test.ts,
// with a limit on the size of files, stands alone.

jest.setTimeout(60_000);

const CAN_MOUNT = spawnSync('unshare', ['-rm', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']).status === 0;
const onSmallDisk = CAN_MOUNT ? test : test.skip;
const NOON = epochMicros(Date.UTC(2026, 10, 20, 12) * 1000);
const sessions = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => sampleLog(`20261120_12${1000 + from + index}_abc123`, NOON))
    .flat()
    .map((line) => `${line}\n`)
    .join('');

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hermes-otel-full-'));
  mkdirSync(join(folder, 'disk'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

onSmallDisk(
  'a full disk is reported, following goes on, and when there is room again the checkpoint is written',
  () => {
    writeFileSync(join(folder, 'first'), sessions(0, 40));
    writeFileSync(join(folder, 'second'), sessions(40, 41));
    const delivery = '-e otlp --endpoint http://127.0.0.1:9 --retry-for 0 --dead-letter disk/dead';
    const script = `
    cd "${folder}"
    mount -t tmpfs -o size=256k tmpfs disk && mkdir disk/cp && head -c 240k /dev/zero > disk/filler
    reported() { for _ in $(seq 300); do grep -q "$1" err && return; sleep 0.1; done; echo "not reported: $1"; exit 9; }
    cp first log
    HERMES_OTEL_POLL_INTERVAL=20ms "${process.execPath}" "${BIN}" replay --follow log --checkpoint disk/cp ${delivery} 2> err &
    trap 'kill -KILL %1 2> /dev/null' EXIT
    reported 'checkpoint could not be written: the disk is full; the one before stays'
    reported 'spans or points were not delivered'
    rm disk/filler
    cat second >> log
    reported 'the checkpoint is written again'
    kill -TERM %1; wait %1; echo $? > code
    cp disk/cp/checkpoint.json checkpoint.json; cp disk/dead dead 2> /dev/null; true`;
    const { stdout, status } = spawnSync('unshare', ['-rm', 'bash', '-c', script], { encoding: 'utf8' });
    const read = (name: string) => readFileSync(join(folder, name), 'utf8');
    expect({ stdout, status, err: existsSync(join(folder, 'err')) ? read('err') : '' }).toMatchObject({
      stdout: '',
      status: 0,
    });
    const err = read('err');
    expect(err).toContain('the dead-letter file disk/dead could not be written: ');
    expect(err).toContain('replayed 533 events');
    // What could not be delivered, nor kept.
    expect(read('code')).toBe('1\n');
    expect(read('checkpoint.json')).toContain('"lines":533');
    // What there was room for is whole.
    for (const line of read('dead').split('\n').filter(Boolean)) expect(() => JSON.parse(line)).not.toThrow();
  },
);

test('behind a line for which there was no room the file goes on where the last whole line ends', async () => {
  const [log, out] = [join(folder, 'log'), join(folder, 'out')];
  writeFileSync(log, sessions(0, 40));
  const to = ['-e', 'otlp_file', '-o', out, 'HERMES_OTEL_MAX_REQUEST_BYTES=40kb'];
  const { code, err } = await startBinOnSmallDisk(100, 'replay', log, ...to).ended;
  expect([code, err]).toEqual([1, expect.stringContaining('could not be written')]);
  const lines = readFileSync(out, 'utf8').split('\n').slice(0, -1);
  const kinds = lines.map((line) => Object.keys(JSON.parse(line))[0]);
  expect(kinds).toEqual(['resourceSpans', 'resourceSpans', 'resourceMetrics']);
});
