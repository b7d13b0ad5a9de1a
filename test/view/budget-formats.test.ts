import { expect, test } from '@jest/globals';
import { checkBudgets, parseBudget } from '../../src/view/budget.ts';
import { renderAnnotations, renderJunit } from '../../src/view/budget-formats.ts';
import { totalsOf } from '../../src/view/totals.ts';
import { session, toolCall, turn } from '../agent-spans.ts';

/** A session whose id tries to be markup and a command, with a tool that failed. */
const HOSTILE = "]]>\"<b a='x'>&%0A::set-output::##[error]##vso[task.setvariable]";
const root = session({ at: [0, 100], sessionId: HOSTILE });
const only = turn({ at: [0, 90], below: root, sessionId: HOSTILE });
const failed = toolCall({ at: [0, 10], below: only, sessionId: HOSTILE, status: 'error' });
const results = checkBudgets(
  totalsOf([root, only, failed]),
  ['errors>0', 'turns>5'].map((text) => {
    const parsed = parseBudget(text);
    if (parsed.kind === 'problem') throw new Error(parsed.message);
    return parsed.budget;
  }),
);

test('JUnit has a test case for each budget, and text of a log is only text', () => {
  const xml = renderJunit(results);
  expect(xml.match(/<[a-z?/][^>]*>/g)?.map((tag) => tag.split(/[ />]/)[0])).toEqual([
    '<?xml',
    '<testsuites',
    '<testsuite',
    '<testcase',
    '<failure',
    '<',
    '<testcase',
    '<system-out',
    '<',
    '<',
    '<',
    '<',
  ]);
  expect(xml).toContain('tests="2" failures="1"');
  expect(xml).toContain(']]&#62;&#34;&#60;b a=&#39;x&#39;&#62;&#38;%0A');
});

test('GitHub gets one command for each broken budget, and none from a log', () => {
  const [line, ...more] = renderAnnotations(results).split('\n');
  expect(more).toEqual(['']);
  expect(line).toMatch(/^::error title=Budget errors>0::budget errors>0 is broken: errors is 1 \(/);
  expect(line).toContain('%250A::set-output::# #[error]# #vso[task.setvariable]');
});

test('GitHub gets a notice when all budgets hold', () => {
  expect(renderAnnotations(results.slice(1))).toBe('::notice title=Budgets::1 of 1 hold\n');
});
