import { describe, expect, test } from '@jest/globals';
import type { AgentSpan } from '../../src/model/span.ts';
import { checkBudgets, LOG_MEASURES, parseBudget } from '../../src/view/budget.ts';
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
  ['error_rate>5%', { metric: 'error_rate', comparison: '>', limit: 0.05 }],
  ['turn_error_rate >= 0.5%', { metric: 'turn_error_rate', comparison: '>=', limit: 0.005 }],
  ['cost>1', { metric: 'cost', comparison: '>', limit: 1 }],
  ['cost>$0.25', { metric: 'cost', comparison: '>', limit: 0.25 }],
  ['tool:terminal errors>0', { text: 'tool:terminal errors>0', metric: 'errors', limit: 0 }],
  [' tool:mcp:fs.read  p95 > 10s', { text: 'tool:mcp:fs.read p95>10s', metric: 'p95', limit: 10_000_000 }],
  ['model:openai/gpt-5:free cost>0.5', { text: 'model:openai/gpt-5:free cost>0.5', limit: 0.5 }],
])('%s is a budget', (text, expected) => {
  expect(parseBudget(text)).toMatchObject({ kind: 'budget', budget: expected });
});

test.each([
  ['', 'is not a budget: write one like turn_p95>60s'],
  ['errors', 'is not a budget'],
  ['errors=0', 'is not a budget'],
  ['price>1', 'There is no metric "price" to budget: there are errors'],
  ['cost>1s', 'cost is limited by an amount of US dollars, not "1s": write cost>0.50'],
  ['error_rate>5', 'error_rate is limited by a percentage, not "5": write error_rate>5%'],
  ['tool:terminal turn_p95>1s', 'no metric "turn_p95" of one tool or model: there are errors'],
  ['tool: errors>0', 'is not a budget'],
  ['agent:leaf errors>0', 'is not a budget'],
  ['tokens>+20%', 'is a change against a baseline: only "diff" compares two logs'],
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

test('a broken budget is reported with its value, unrounded, and the span with its ids', () => {
  const { broken, span, message } = check('turn_max>7.07s');
  expect(broken).toBe(true);
  expect(message).toBe(
    `budget turn_max>7.07s is broken: turn_max is 7.08s (turn 1 in session 20261123_082500_c0ffee, trace ${span?.traceId}, span ${span?.spanId})`,
  );
  expect(span?.spanId).toBe(failing().find(({ kind }) => kind === 'turn')?.spanId);
});

test.each(Object.keys(LOG_MEASURES))('a log without spans breaks no budget on %s', (metric) => {
  const limit = { duration: '0s', rate: '0%', count: '0', dollars: '0' }[
    LOG_MEASURES[metric]?.unit ?? 'count'
  ];
  const { broken, message } = check(`${metric}>${limit}`, []);
  expect(broken).toBe(false);
  expect(message).toMatch(/holds/);
});

test.each([
  ['tool:read_file errors>0', 'tool:read_file errors>0 is broken: errors is 1 (tool read_file in session'],
  ['tool:terminal max>1h', 'holds: max is 3.24s'],
  ['tool:no_such errors>0', 'holds: nothing to measure'],
  ['model:claude-sonnet tokens>0', 'is broken: tokens is '],
  ['error_rate>5%', 'is broken: error_rate is '],
  ['cost>1', 'holds: nothing to measure'],
])('%s: %s', (text, part) => {
  expect(check(text).message).toContain(part);
});

test('the rate of errors is of all that can fail', () => {
  const { work } = totalsOf(LOG);
  const all = work.turns + work.calls + work.tools + work.subagents;
  expect(check('error_rate>0%').value).toBe(work.errors / all);
});

test('a price that is unknown is said, as the cost leaves it out', () => {
  const log = LOG.map((span, index) =>
    span.kind === 'api_call' && index % 2 === 0 ? { ...span, cost: { usd: 0.25, source: 'test' } } : span,
  );
  const { work } = totalsOf(log);
  const { broken, message } = check('cost>0.2', log);
  expect(work.withoutPrice).toBeGreaterThan(0);
  expect(broken).toBe(true);
  expect(message).toMatch(
    new RegExp(`cost is \\$${work.cost}, without ${work.withoutPrice} calls? of unknown price`),
  );
});

describe('a change against a baseline', () => {
  const before = totalsOf(failing());
  const results = (text: string, after: readonly AgentSpan[]) => {
    const parsed = parseBudget(text, { hasBaseline: true });
    if (parsed.kind === 'problem') throw new Error(parsed.message);
    return checkBudgets(totalsOf(after), [parsed.budget], before)[0];
  };

  test.each([
    ['tokens>+20%', failing(), false],
    ['tokens>+20%', [...failing(), ...parallelReads()], true],
    ['tokens<-20%', [], true],
    ['turn_p95>+0%', failing(), false],
    ['errors>=+0%', failing(), true],
  ])('%s', (text, after, broken) => {
    expect(results(text, after)?.broken).toBe(broken);
  });

  test('names both values', () => {
    const after = [...failing(), ...parallelReads()];
    const [was, is] = [before, totalsOf(after)].map(({ work }) => work.tokens.input + work.tokens.output);
    expect(results('tokens>+20%', after)?.message).toContain(`tokens is ${is}, ${was} before (`);
  });

  test('holds where the baseline has nothing of the kind', () => {
    expect(results('subagent_p95>+20%', delegating())?.message).toBe(
      'budget subagent_p95>+20% holds: nothing to compare with',
    );
  });
});
