import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, jest, test } from '@jest/globals';
import {
  HEAVY,
  PLAIN,
  PLAIN_LISTS,
  PLAIN_OBJECTS,
  PROSE_REASON,
  REVIEW_OPENING,
} from '../../src/record/fields.ts';
import { readLog, temporaryDirectory } from './log-directory.ts';
import { describeWithPython, drive, driveMany } from './plugin.ts';

// Each starts processes, and machines are busy.
jest.setTimeout(60_000);

const directory = temporaryDirectory();
const newLog = () => join(directory(), 'deeper', 'hooks.ndjson');
const to = (path: string) => ({ HERMES_OTEL_RECORD_FILE: path });

describeWithPython('the recorder plugin', () => {
  test('writes one line per event: time, name, process, number, arguments', () => {
    const path = newLog();
    const before = Date.now() / 1000;
    drive('events', to(path), [
      [
        'pre_llm_call',
        { session_id: 's', user_message: 'hi', is_first_turn: true, conversation_history: [1] },
      ],
      ['post_api_request', { session_id: 's', usage: { input_tokens: 3 }, response: {}, ended_at: 1.25 }],
    ]);
    const [first, second] = readLog(path);
    expect(first).toEqual({
      ts: expect.any(Number),
      event: 'pre_llm_call',
      pid: expect.any(Number),
      seq: 1,
      session_id: 's',
      user_message: 'hi',
      is_first_turn: true,
    });
    expect(second).toMatchObject({
      event: 'post_api_request',
      seq: 2,
      usage: { input_tokens: 3 },
      ended_at: 1.25,
    });
    expect(second).not.toHaveProperty('response');
    expect(Number(first?.ts)).toBeGreaterThanOrEqual(before - 0.001);
    expect(Number(first?.ts)).toBeLessThan(Date.now() / 1000);
    // Microseconds, and not a digit more.
    expect(String(first?.ts)).toMatch(/^\d{10}(\.\d{1,6})?$/);
  });

  test('makes the log for its owner alone', () => {
    const path = newLog();
    drive('events', to(path), [['pre_llm_call', {}]]);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(join(path, '..')).mode & 0o777).toBe(0o700);
  });

  test('registers every hook that Hermes has, also those of tomorrow', () => {
    const { registered } = drive('names', to(newLog()));
    expect(registered).toContain('on_hook_of_tomorrow');
    expect(registered).toHaveLength(5);
  });

  test('registers the oldest hooks when Hermes cannot be asked', () => {
    expect(drive('without_hermes', to(newLog())).registered).toHaveLength(10);
  });

  test('registers nothing when it is switched off', () => {
    const off = { ...to(newLog()), HERMES_OTEL_ENABLED: 'false' };
    expect(drive('without_hermes', off).registered).toEqual([]);
  });

  test.each([
    [{ HERMES_HOME: '{dir}/home' }, 'home/hermes-otel/hooks.ndjson'],
    [{ HOME: '{dir}' }, '.hermes/hermes-otel/hooks.ndjson'],
    [{ HOME: '{dir}', HERMES_HOME: '~/other' }, 'other/hermes-otel/hooks.ndjson'],
    [{ HOME: '{dir}', HERMES_OTEL_RECORD_FILE: '~/a.ndjson' }, 'a.ndjson'],
  ])('with %j writes to %s', (env, expected) => {
    const dir = directory();
    const set = Object.entries(env).map(([name, value]) => [name, value.replace('{dir}', dir)]);
    drive('events', Object.fromEntries(set), [['pre_llm_call', {}]]);
    expect(readLog(join(dir, expected))).toHaveLength(1);
  });

  test('has the same lists and bounds as the command for shell hooks', () => {
    const reported = drive('names', to(newLog()));
    expect(reported.heavy).toEqual([...HEAVY].sort());
    expect(reported.plain).toEqual([...PLAIN].sort());
    expect(reported.plain_objects).toEqual([...PLAIN_OBJECTS].sort());
    expect(reported.plain_lists).toEqual([...PLAIN_LISTS].sort());
    expect(reported.prose_reason).toBe(PROSE_REASON);
    expect(reported.review_opening).toBe(REVIEW_OPENING);
  });
});

describeWithPython('whatever it is given', () => {
  test('values that JSON has no words for are written as something it has', () => {
    const path = newLog();
    expect(drive('odd_values', to(path)).returned_only_none).toBe(true);
    const text = readFileSync(path, 'utf8');
    const [line] = readLog(path);
    expect(line).toMatchObject({
      nan: null,
      infinity: null,
      minus: null,
      huge: '<int of 19932 bits>',
      big: 2 ** 60,
      hostile: '<Hostile>',
      thing: "<class 'object'>",
      binary: 'a\\xff',
      many: '{3}',
      color: 'red',
      level: 3,
      real: 1.5,
      pair: [1, 2],
      text: 'a\ud800b\u2028c',
      'k\udfff': 1,
      keys: { '1': 'one', '(1, 2)': 'two', None: 'three' },
    });
    expect(text).not.toMatch(/NaN|Infinity/);
    expect(JSON.stringify(line?.loop)).toContain('nested too deep');
    expect(JSON.stringify(line?.deep)).toContain('nested too deep');
    expect(JSON.stringify(line?.wide)).toMatch(/,"<\d+ more>"\]$/);
    expect(text.length).toBeLessThan(20_000);
  });

  test("a hook's own argument never stands in for the line's name, number or time", () => {
    const path = newLog();
    drive('own_names', to(path));
    expect(readLog(path)[0]).toMatchObject({
      event: 'pre_gateway_dispatch',
      seq: 1,
      event_: 'theirs',
      seq_: 7,
      ts_: 1,
      pid_: 2,
    });
  });

  test('strings are cut, ids are not, and a line has an end', () => {
    const path = newLog();
    const id = 'i'.repeat(200);
    const args = Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`a${n}`, 'x'.repeat(50)]));
    drive('events', { ...to(path), HERMES_OTEL_RECORD_MAX_CHARS: '10' }, [
      ['pre_tool_call', { tool_name: 't', turn_id: id, args }],
    ]);
    const [line] = readLog(path);
    expect(line).toMatchObject({ turn_id: id, args: { a0: 'xxxxxxxxxx... [40 more]', a8: '... [50 more]' } });
  });

  test.each(['x', '-1', '1.5', '', '9'.repeat(20)])('a bound of %j counts as none given', (bound) => {
    const path = newLog();
    drive('events', { ...to(path), HERMES_OTEL_RECORD_MAX_CHARS: bound }, [
      ['pre_tool_call', { tool_name: 't', args: { a: 'x'.repeat(5000) } }],
    ]);
    expect(readLog(path)[0]?.args).toEqual({ a: `${'x'.repeat(4096)}... [904 more]` });
  });

  test('an address is written without the secrets in it', () => {
    const path = newLog();
    drive('events', to(path), [
      ['pre_api_request', { base_url: 'https://me:sk-1@host:8080/v1?key=sk-2#sk-3' }],
    ]);
    expect(readLog(path)[0]?.base_url).toBe('https://host:8080/v1');
  });
});

describeWithPython('whatever happens', () => {
  test('lines of eight threads never mix, and their numbers have no gap', () => {
    const path = newLog();
    drive('threads', to(path));
    const numbers = readLog(path).map((line) => line.seq);
    expect(numbers).toEqual(Array.from({ length: 2000 }, (_, at) => at + 1));
  });

  test('four processes rotate one log among them and lose no line', async () => {
    const path = newLog();
    await driveMany(
      'one_of_many',
      { ...to(path), HERMES_OTEL_RECORD_MAX_BYTES: '5000', HERMES_OTEL_RECORD_KEEP: '1000' },
      4,
    );
    const names = readdirSync(join(path, '..'));
    const lines = names.flatMap((name) => readLog(join(path, '..', name)));
    // Of a limit this small many more, also where one is kept from renaming while the others write on.
    expect(names.length).toBeGreaterThan(20);
    expect(names).not.toContain('hooks.ndjson.lock');
    expect(new Set(lines.map(({ worker, count }) => `${worker}/${count}`)).size).toBe(1600);
    expect(lines).toHaveLength(1600);
  });

  test('rotation keeps as many logs as was asked, the newest', () => {
    const path = newLog();
    const events = Array.from(
      { length: 40 },
      (_, n) => ['pre_llm_call', { n, user_message: 'x'.repeat(80) }] as const,
    );
    drive(
      'events',
      { ...to(path), HERMES_OTEL_RECORD_MAX_BYTES: '1000', HERMES_OTEL_RECORD_KEEP: '2' },
      events,
    );
    expect(readdirSync(join(path, '..')).sort()).toEqual([
      'hooks.ndjson',
      'hooks.ndjson.1',
      'hooks.ndjson.2',
    ]);
    const kept = ['.2', '.1', ''].flatMap((end) => readLog(path + end)).map(({ n }) => Number(n));
    expect(kept).toEqual(Array.from({ length: kept.length }, (_, at) => 40 - kept.length + at));
    expect(statSync(path).size).toBeLessThanOrEqual(1000);
  });

  test('a child process writes on, though a lost thread of its parent held the lock', () => {
    const path = newLog();
    expect(drive('fork', to(path))).toMatchObject({ child_status: 0, locks: 1 });
    const lines = readLog(path);
    expect(lines.map(({ who, seq }) => [who, seq])).toEqual([
      ['parent', 1],
      ['child', 1],
      ['parent', 2],
    ]);
    expect(new Set(lines.map(({ pid }) => pid)).size).toBe(2);
  });

  test('a signal handler that fires hooks does not wait for the thread it interrupted', () => {
    const path = newLog();
    const { main, handler } = drive('signals', to(path));
    expect(Number(handler)).toBeGreaterThanOrEqual(100);
    const by = readLog(path).map((line) => line.by);
    expect(by.filter((who) => who === 'handler')).toHaveLength(Number(handler));
    expect(by.filter((who) => who === 'main')).toHaveLength(Number(main));
  });

  test('a log that was renamed or removed is begun anew', () => {
    const path = newLog();
    drive('moved', to(path));
    expect(readLog(`${path}.moved`)).toMatchObject([{ n: 1 }]);
    expect(readLog(path)).toMatchObject([{ n: 3 }]);
  });

  test('what could not be written shows as a gap in the numbers', () => {
    const path = newLog();
    mkdirSync(path, { recursive: true });
    expect(drive('recovers', to(path)).returned_only_none).toBe(true);
    expect(readLog(path)).toMatchObject([{ n: 2, seq: 2 }]);
  });

  test('half a line of a full disk does not spoil the next one', () => {
    const path = join(directory(), 'hooks.ndjson');
    writeFileSync(path, '{"ts":1,"event":"pre_l');
    drive('events', to(path), [['pre_llm_call', {}]]);
    expect(readFileSync(path, 'utf8').split('\n')).toEqual([
      '{"ts":1,"event":"pre_l',
      expect.stringMatching(/^\{.*"pre_llm_call".*\}$/),
      '',
    ]);
  });

  test.each(['/dev/full', '/proc/nowhere/hooks.ndjson'])('%s costs the lines and nothing else', (path) => {
    expect(drive('events', to(path), [['pre_llm_call', {}]])).toEqual({ returned_only_none: true });
  });

  test('a full disk is reported once, not with every event', () => {
    const { heard } = drive('full_disk', to('/dev/full'));
    expect(heard).toEqual([expect.stringContaining('No space left on device')]);
  });

  test('nobody waits for the reader of a pipe', () => {
    const path = join(directory(), 'pipe');
    expect(spawnSync('mkfifo', [path]).status).toBe(0);
    expect(drive('events', to(path), [['pre_llm_call', {}]])).toEqual({ returned_only_none: true });
  });

  test('a lock of a killed process stops rotation for a minute only', () => {
    const path = join(directory(), 'hooks.ndjson');
    const settings = { ...to(path), HERMES_OTEL_RECORD_MAX_BYTES: '100' };
    writeFileSync(`${path}.lock`, '');
    const three = Array.from(
      { length: 3 },
      () => ['pre_llm_call', { user_message: 'x'.repeat(90) }] as const,
    );
    drive('events', settings, three);
    expect(existsSync(`${path}.1`)).toBe(false);
    spawnSync('touch', ['-d', '2 minutes ago', `${path}.lock`]);
    drive('events', settings, three);
    expect(existsSync(`${path}.1`)).toBe(true);
    expect(existsSync(`${path}.lock`)).toBe(false);
  });

  test('a rotation whose lock was stolen loses no event', () => {
    const path = newLog();
    drive('stolen_lock', { ...to(path), HERMES_OTEL_RECORD_MAX_BYTES: '100' });
    const kept = readdirSync(join(path, '..')).flatMap((name) => readLog(join(path, '..', name)));
    expect(kept.map(({ n }) => Number(n)).sort()).toEqual([0, 1, 2, 3]);
  });

  test('an event costs less than 0.2 ms of processor time', () => {
    expect(Number(drive('cost', to(newLog())).median_micros)).toBeLessThan(200);
  });
});
