/** A genuine Hermes, recorded in both ways that `hermes-otel init` sets up: is everything there, and does it add up? */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { JsonObject } from '../../src/model/json.ts';
import { HEAVY } from '../../src/record/fields.ts';
import { readLog } from '../record/log-directory.ts';
import { type Agent, newAgent, PROGRAM } from './agent.ts';
import { HERMES_VERSIONS, installedHermes } from './installed.ts';
import { type Answer, type ModelServer, startModelServer } from './model-server.ts';
import { field, totalsOfDatabase, totalsOfHooks, totalsOfSpans } from './totals.ts';

const SECRET = 'xyzzy-4711';
/** Both at once, a server error in between, then one that fails, then the end: nine hooks of the thirteen that a turn has. */
const TOOLS: readonly Answer[] = [
  {
    call: [
      ['terminal', { command: `echo ${SECRET}` }],
      ['write_file', { path: 'note.txt', content: SECRET }],
    ],
  },
  { fail: 503 },
  { call: [['read_file', { path: 'nowhere.txt' }]] },
  { say: `Done, ${SECRET}.` },
];

let model: ModelServer;
beforeAll(async () => {
  model = await startModelServer();
});
afterAll(() => model.close());

describe.each(HERMES_VERSIONS)('Hermes %s', (version) => {
  const since16 = version >= '0.16';
  let hermes = '';
  beforeAll(() => {
    hermes = installedHermes(version);
  }, 1_000_000);

  const name = (line: JsonObject) => String(line.event ?? line.hook_event_name);
  const count = (lines: readonly JsonObject[], hook: string) =>
    lines.filter((line) => name(line) === hook).length;

  async function work(agent: Agent, env: Readonly<Record<string, string>> = {}): Promise<void> {
    model.script([{ say: 'Hello.' }]);
    expect((await agent.hermes(['-z', `say hello ${SECRET}`], env)).out).toContain('Hello.');
    model.script(TOOLS);
    expect((await agent.hermes(['chat', '-q', `do it ${SECRET}`], env)).out).toContain('Done, ');
    expect(model.left()).toBe(0);
  }

  /** What each of the two runs must have left, with either recorder. */
  function expectTurns(lines: readonly JsonObject[]): void {
    expect(new Set(lines.map((line) => field(line, 'session_id')).filter(Boolean)).size).toBe(2);
    for (const hook of ['on_session_start', 'pre_llm_call', 'post_llm_call', 'on_session_end']) {
      expect([hook, count(lines, hook)]).toEqual([hook, 2]);
    }
    expect(count(lines, 'on_session_finalize')).toBe(1);
    expect(count(lines, 'post_api_request')).toBe(4);
    expect(count(lines, 'pre_api_request')).toBe(5);
    expect(count(lines, 'api_request_error')).toBe(since16 ? 1 : 0);
    expect(count(lines, 'post_tool_call')).toBe(3);
    const statuses = lines
      .filter((line) => name(line) === 'post_tool_call')
      .map((line) => field(line, 'status'));
    expect(statuses.sort()).toEqual(['error', 'ok', 'ok']);
    for (const line of lines) {
      for (const heavy of HEAVY) expect([name(line), field(line, heavy)]).toEqual([name(line), undefined]);
    }
  }

  async function expectAgreement(agent: Agent): Promise<void> {
    const known = totalsOfDatabase(await agent.sessions());
    expect(Object.keys(known)).toHaveLength(2);
    expect(totalsOfHooks(readLog(agent.log))).toEqual(known);
    const spans = join(agent.home, 'spans.json');
    const replay = await agent.hermesOtel(
      'replay',
      agent.log,
      '-e',
      'otlp_file',
      '-o',
      spans,
      '--no-metrics',
      '--strict',
    );
    expect([replay.code, replay.err]).toEqual([0, expect.stringContaining('2 sessions')]);
    expect(totalsOfSpans(spans)).toEqual(known);
  }

  describe('with the recorder plugin', () => {
    let agent: Agent;
    let lines: readonly JsonObject[] = [];
    const started = Date.now() / 1000;

    beforeAll(async () => {
      agent = newAgent(hermes, model.baseUrl);
      expect(await agent.hermesOtel('init', '--yes')).toMatchObject({ code: 0, err: '' });
      await work(agent);
      lines = readLog(agent.log);
    }, 600_000);
    afterAll(() => agent.remove());

    test('every hook of two runs is in the log, without the heavy fields', () => {
      expectTurns(lines);
      expect(count(lines, 'pre_tool_call')).toBe(3);
    });

    test('lines carry the time to the microsecond, the process, and a number without gaps', () => {
      const processes = new Set(lines.map((line) => line.pid));
      expect(processes.size).toBe(2);
      for (const pid of processes) {
        const numbers = lines.filter((line) => line.pid === pid).map((line) => line.seq);
        expect(numbers).toEqual(numbers.map((_, at) => at + 1));
      }
      for (const { ts } of lines) {
        expect(ts).toBeGreaterThan(started);
        expect(ts).toBeLessThan(Date.now() / 1000);
      }
      expect(lines.some(({ ts }) => !Number.isInteger(Number(ts) * 1000))).toBe(true);
    });

    test('the log is for its owner alone', () => {
      expect(statSync(agent.log).mode & 0o777).toBe(0o600);
      expect(statSync(join(agent.log, '..')).mode & 0o777).toBe(0o700);
    });

    test("the hooks and their replay agree with Hermes's own database", () => expectAgreement(agent));

    test('Hermes had nothing to say against it', () => {
      const log = readFileSync(join(agent.home, 'logs/agent.log'), 'utf8');
      expect(
        log.split('\n').filter((line) => /WARN|ERROR/.test(line) && /otel|recorder/i.test(line)),
      ).toEqual([]);
    });

    test('without content no word of what was said and done is written, and the replay agrees as well', async () => {
      const quiet = newAgent(hermes, model.baseUrl);
      try {
        await quiet.hermesOtel('init', '--yes');
        await work(quiet, { HERMES_OTEL_RECORD_CONTENT: 'false' });
        expect(readFileSync(quiet.log, 'utf8')).not.toContain(SECRET);
        expectTurns(readLog(quiet.log));
        await expectAgreement(quiet);
      } finally {
        quiet.remove();
      }
    }, 600_000);

    test('after --uninstall nothing is recorded, and config.yaml is as it was', async () => {
      expect(await agent.hermesOtel('init', '--uninstall', '--yes')).toMatchObject({ code: 0, err: '' });
      const config = readFileSync(join(agent.home, 'config.yaml'), 'utf8');
      expect(config).not.toContain('hermes_otel_recorder');
      expect(config).toContain('# A comment that must survive.');
      model.script([{ say: 'Hello.' }]);
      await agent.hermes(['-z', 'say hello']);
      expect(readLog(agent.log)).toHaveLength(lines.length);
    });
  });

  describe('with shell hooks', () => {
    let agent: Agent;
    beforeAll(async () => {
      agent = newAgent(hermes, model.baseUrl);
      const command = `${process.execPath} ${PROGRAM} record`;
      const init = await agent.hermesOtel('init', '--shell-hooks', '--command', command, '--yes');
      expect(init).toMatchObject({ code: 0, err: '' });
    });
    afterAll(() => agent.remove());

    test('nothing is run that the user has not consented to', async () => {
      model.script([{ say: 'Hello.' }]);
      await agent.hermes(['-z', 'say hello']);
      expect(existsSync(agent.log)).toBe(false);
    });

    test("with consent the hooks and their replay agree with Hermes's own database", async () => {
      const consenting = newAgent(hermes, model.baseUrl);
      try {
        const command = `${process.execPath} ${PROGRAM} record`;
        await consenting.hermesOtel('init', '--shell-hooks', '--command', command, '--yes');
        await work(consenting, { HERMES_ACCEPT_HOOKS: '1' });
        const lines = readLog(consenting.log);
        expectTurns(lines);
        expect(new Set(lines.map((line) => line.pid)).size).toBe(lines.length);
        expect(statSync(consenting.log).mode & 0o777).toBe(0o600);
        await expectAgreement(consenting);
      } finally {
        consenting.remove();
      }
    }, 600_000);
  });
});
