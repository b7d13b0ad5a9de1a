/** A genuine Hermes without any recorder: its database, followed while it works and replayed afterwards, is its trace. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { until } from '../until.ts';
import { newAgent, PROGRAM } from './agent.ts';
import { HERMES_VERSIONS, installedHermes } from './installed.ts';
import { type ModelServer, startModelServer } from './model-server.ts';
import { totalsOfDatabase, totalsOfSpans } from './totals.ts';

let model: ModelServer;
beforeAll(async () => {
  model = await startModelServer();
});
afterAll(() => model.close());

describe.each(HERMES_VERSIONS)('Hermes %s', (version) => {
  let hermes = '';
  beforeAll(() => {
    hermes = installedHermes(version);
  }, 1_000_000);

  test('its database, followed while it writes, has every turn, call and tool', async () => {
    const agent = newAgent(hermes, model.baseUrl);
    try {
      model.script([{ say: 'Hello.' }]);
      await agent.hermes(['-z', 'say hello']);
      const database = join(agent.home, 'state.db');
      const followed = join(agent.home, 'followed.json');
      const follower = spawn(process.execPath, [
        ...[PROGRAM, 'replay', '--follow', database, '--open-spans', 'send', '--flush-interval', '50ms'],
        ...['-e', 'otlp_file', '-o', followed, '--quiet'],
      ]);
      const ended = once(follower, 'exit');
      model.script([
        { call: [['terminal', { command: 'echo one' }]] },
        { fail: 503 },
        { call: [['read_file', { path: 'nowhere.txt' }]] },
        { say: 'Done.' },
      ]);
      expect((await agent.hermes(['chat', '-q', 'do it'])).out).toContain('Done.');
      // The turn was seen while Hermes had not ended, or right then: nothing but its rows is waited for.
      await until(
        () => existsSync(followed) && readFileSync(followed, 'utf8').includes('hermes.tool.read_file'),
      );
      follower.kill('SIGINT');
      expect(await ended).toEqual([0, null]);

      const bare = join(agent.home, 'bare.json');
      await agent.hermesOtel('replay', database, '--agent-log', 'none', '-e', 'otlp_file', '-o', bare);
      expect(idsIn(followed)).toEqual(idsIn(bare));
      const replayed = join(agent.home, 'replayed.json');
      const { code, err } = await agent.hermesOtel('replay', database, '-e', 'otlp_file', '-o', replayed);
      // With agent.log the failed attempt is one, and calls have their tokens.
      expect([code, err]).toEqual([0, expect.stringContaining('2 sessions, 2 turns, 5 calls, 2 tools')]);
      expect(totalsOfSpans(replayed)).toEqual(totalsOfDatabase(await agent.sessions()));
    } finally {
      agent.remove();
    }
  });
});

function idsIn(path: string): readonly string[] {
  const ids = readFileSync(path, 'utf8').matchAll(/"spanId":"([0-9a-f]{16})"/g);
  return [...new Set(Array.from(ids, ([, id = '']) => id))].sort();
}
