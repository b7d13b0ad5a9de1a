import { expect, test } from '@jest/globals';
import { BUDGET_METRICS, checkBudgets, parseBudget } from '../../src/view/budget.ts';
import { totalsOf } from '../../src/view/totals.ts';
import { delegating, failing, parallelReads } from './logs.ts';

test.each([
  ['turn_p95>60s', { metric: 'turn_p95', comparison: '>', limit: 60_000_000 }],
  ['tool_p95 >= 1.5m', { metric: 'tool_p95', comparison: '>=', limit: 90_000_000 }],
  ['call_max>250ms', { metric: 'call_max', comparison: '>', limit: 250_000 }],
  ['call_mean>900us', { metric: 'call_mean', comparison: '>', limit: 900 }],
  ['session_p50>2h', { metric: 'session_p50', comparison: '>', limit: 7_200_000_000 }],
  ['errors>0', { metric: 'errors', comparison: '>', limit: 0 }],
  ['tokens>100000', { metric: 'tokens', comparison: '>', limit: 100_000 }],
  ['turns<1', { metric: 'turns', comparison: '<', limit: 1 }],
])('%s is a budget', (text, expected) => {
  expect(parseBudget(text)).toMatchObject({ kind: 'budget', budget: expected });
});

test.each([
  ['', 'is not a budget: write one like turn_p95>60s'],
  ['errors', 'is not a budget'],
  ['errors=0', 'is not a budget'],
  ['cost>1', 'There is no metric "cost" to budget: there are errors'],
  ['constructor>1', 'There is no metric "constructor"'],
  ['turn_p96>1s', 'its durations (turn_mean, turn_p50, turn_p95, turn_p99, turn_max)'],
  ['turn_p95>60', 'turn_p95 is limited by a duration with its unit (us, ms, s, m, h), not "60"'],
  ['turn_p95>-1s', 'not "-1s"'],
  ['errors>1s', 'errors is limited by a whole number, not "1s"'],
  ['tokens>1e6', 'not "1e6"'],
  ['tokens>99999999999999999999', 'is limited by a whole number'],
  ['\u001b[31m>1', '␛[31m'],
])('"%s" is a problem that names the way out', (text, part) => {
  const parsed = parseBudget(text);
  expect(parsed.kind === 'problem' && parsed.message).toContain(part);
});

const LOG = [...parallelReads(), ...failing(), ...delegating()];

function check(text: string, spans = LOG) {
  const parsed = parseBudget(text);
  if (parsed.kind === 'problem') throw new Error(parsed.message);
  const [result] = checkBudgets(totalsOf(spans), [parsed.budget]);
  if (result === undefined) throw new Error('no result');
  return result;
}

test.each([
  ['errors>0', 5, 'chat gpt-5.2-codex'],
  ['errors>5', 5, undefined],
  ['errors>=5', 5, 'chat gpt-5.2-codex'],
  ['tokens>22000', 22_759, 'chat claude-sonnet'],
  ['tokens>22759', 22_759, undefined],
  ['cached_tokens>0', 12_100, 'chat claude-sonnet'],
  ['turn_p95>7s', 7_080_000, 'turn 1'],
  ['turn_max>7080ms', 7_080_000, undefined],
  ['tool_max>3s', 3_240_000, 'tool terminal'],
  ['call_errors>2', 3, 'chat gpt-5.2-codex'],
  ['incomplete>0', 5, 'chat claude-sonnet'],
  ['turns>7', 8, undefined],
])('%s: the value is %i, the span that broke it is %s', (text, value, name) => {
  const result = check(text);
  expect([result.value, result.span?.name]).toEqual([value, name]);
});

test('a broken budget is told with its value, unrounded, and the span with its ids', () => {
  const { broken, span, message } = check('turn_max>7.07s');
  expect(broken).toBe(true);
  expect(message).toBe(
    `budget turn_max>7.07s is broken: turn_max is 7.08s (turn 1 in session 20261123_082500_c0ffee, trace ${span?.traceId}, span ${span?.spanId})`,
  );
  expect(span?.spanId).toBe(failing().find(({ kind }) => kind === 'turn')?.spanId);
});

test.each([...BUDGET_METRICS.keys()])('a log without spans breaks no budget on %s', (metric) => {
  const limit = BUDGET_METRICS.get(metric)?.unit === 'duration' ? '0s' : '0';
  const { broken, message } = check(`${metric}>${limit}`, []);
  expect(broken).toBe(false);
  expect(message).toMatch(/holds/);
});
