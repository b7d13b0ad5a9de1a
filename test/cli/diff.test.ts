import { describe, expect, test } from '@jest/globals';
import { runMain } from '../run-main.ts';

const RECORDINGS = 'fixtures/recordings';
const RETRIES = `${RECORDINGS}/0.16.0/api-retries/flat.ndjson`;
const FALLBACK = `${RECORDINGS}/0.19.0/fallback-provider/flat.ndjson`;
const TWO_SESSIONS = `${RECORDINGS}/0.19.0/interleaved/flat.ndjson`;

const rows = (out: string) => out.split('\n').map((line) => line.split(/ {2,}/).filter(Boolean));

describe('two genuine logs', () => {
  test('the figures of both logs come first', async () => {
    const { code, out, err } = await runMain(['diff', RETRIES, FALLBACK]);
    expect([code, err]).toEqual([0, '']);
    expect(rows(out).slice(3, 14)).toEqual([
      ['in all', 'before', 'after', 'change'],
      ['sessions', '1', '1', '0 %'],
      ['turns', '1', '1', '0 %'],
      ['calls', '5', '5', '0 %'],
      ['tools', '1', '1', '0 %'],
      ['errors', '3', '3', '0'],
      ['tokens in', '25.1k', '27.5k', '+9 %'],
      ['tokens out', '15', '16', '+7 %'],
      ['time of the model', '1.66s', '1.02s', '-39 %'],
      ['time of tools', '553ms', '238ms', '-57 %'],
      ['time of the agent', '9.47s', '6.09s', '-36 %'],
    ]);
  });

  test('what is new and what is gone is signed, errors too', async () => {
    const { out } = await runMain(['diff', RETRIES, FALLBACK]);
    const signed = out.split('\n').filter((line) => /^[+-] /.test(line));
    expect(signed.map((line) => line.replace(/ {2,}.*/, ''))).toEqual([
      '+ fake-model-2',
      '+ api call: overloaded',
      '- api call: server_error',
      '- api call: rate_limit',
    ]);
  });

  test('long paths stand one below the other, whole', async () => {
    const { out } = await runMain(['diff', RETRIES, FALLBACK]);
    expect(out.split('\n').slice(0, 2)).toEqual([`  ${RETRIES}`, `→ ${FALLBACK}`]);
  });

  test.each([
    ['errors>0', 1],
    ['errors>3', 0],
    ['turn_p95>7s', 1],
    ['tokens>100000', 0],
  ])('a budget is about the second: %s → exit code %i', async (budget, expected) => {
    const { code, err } = await runMain(['diff', RETRIES, FALLBACK, '--fail-on', budget]);
    expect(code).toBe(expected);
    expect(err.includes(`budget ${budget} is broken`)).toBe(expected === 1);
  });

  test.each([
    ['tokens>+20%', 0],
    ['input_tokens>+5%', 1],
    ['tool:read_file p95<-50%', 1],
    ['tool:read_file p95<-90%', 0],
  ])('a change against the first: %s → exit code %i', async (budget, expected) => {
    const { code, err } = await runMain(['diff', RETRIES, FALLBACK, '--fail-on', budget]);
    expect([code, err]).toEqual([
      expected,
      expected === 0 ? '' : expect.stringMatching(/ is broken: .* before( \(|$)/m),
    ]);
  });

  test.each([
    ['junit', /^<\?xml [\s\S]*<failure message="budget errors&#62;0 is broken: errors is 3/],
    ['github', /^::error title=Budget errors>0::budget errors>0 is broken: errors is 3/],
  ])('budgets alone as %s', async (format, expected) => {
    const ran = await runMain(['diff', RETRIES, FALLBACK, '--format', format, '--fail-on', 'errors>0']);
    expect([ran.code, ran.out]).toEqual([1, expect.stringMatching(expected)]);
  });

  test('a budget that cannot be read is reported before anything is compared', async () => {
    const { code, out, err } = await runMain(['diff', RETRIES, FALLBACK, '--fail-on', 'error>0']);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain('There is no metric "error"');
  });
});

describe('two sessions', () => {
  const BOTH = ['--before-session', '20261123_082003_e', '--after-session', '20261123_082003_0'];

  test('of one log', async () => {
    const { code, out } = await runMain(['diff', TWO_SESSIONS, ...BOTH, '--format', 'json']);
    const { before, after } = JSON.parse(out);
    const ids = [before, after].map(({ totals }) => totals.sessions.map(({ sessionId }: Named) => sessionId));
    expect([code, ids]).toEqual([0, [['20261123_082003_eac046'], ['20261123_082003_0b2152']]]);
    expect(before.name).toBe(`${TWO_SESSIONS} 20261123_082003_e`);
  });

  test('a whole log and a session of another', async () => {
    const { code, out } = await runMain(['diff', RETRIES, TWO_SESSIONS, ...BOTH.slice(2)]);
    expect([code, out]).toEqual([0, expect.stringMatching(/^ {2}sessions +1 /m)]);
  });

  test('which is not there is said', async () => {
    const { code, err } = await runMain(['diff', TWO_SESSIONS, '--before-session', 'nope', ...BOTH.slice(2)]);
    expect([code, err]).toEqual([
      2,
      `hermes-otel: ${TWO_SESSIONS} has no session whose id begins with "nope".\n`,
    ]);
  });
});

interface Named {
  readonly sessionId: string;
}

test.each([
  [
    'one log alone',
    [RETRIES],
    'Name a second log, or with --before-session and --after-session two sessions of the one.',
  ],
  [
    'standard input twice',
    ['-', '-'],
    'Standard input can be only one of the two logs: name a file for the other.',
  ],
  [
    'standard input alone',
    ['-'],
    'Standard input can be only one of the two logs: name a file for the other.',
  ],
  ['no such log', [RETRIES, 'nope.ndjson'], 'There is no file "nope.ndjson": check the path.'],
])('%s: a sentence, and exit code 2', async (_, logs, sentence) => {
  expect(await runMain(['diff', ...logs])).toEqual({ code: 2, out: '', err: `hermes-otel: ${sentence}\n` });
});

test('Ctrl-C ends it without a half comparison', async () => {
  const { code, out } = await runMain(['diff', RETRIES, FALLBACK], {
    onSignal: (name, listener) => name === 'SIGINT' && setImmediate(listener),
  });
  expect([code, out]).toEqual([130, '']);
});
