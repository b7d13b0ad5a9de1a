import { describe, expect, test } from '@jest/globals';
import type { SpanId } from '../../../src/model/span.ts';
import { marksOf, PLACE } from '../../../src/viewer/data/marks.ts';
import { visibleRows, withAncestors } from '../../../src/viewer/data/rows.ts';
import { apiCall, session, subagent, toolCall, turn } from '../../agent-spans.ts';
import { outline, tableOf } from './table.ts';

const top = session({ at: [0, 100] });
const one = turn({ at: [1, 50], below: top, index: 1 });
const two = turn({ at: [51, 99], below: top, index: 2 });
const tool = (name: string, from: number, to: number) =>
  toolCall({ at: [from, to], below: one, toolName: name });

describe('the tree of a page', () => {
  test('puts children below parents, in order of start, whatever the order of the file', async () => {
    const spans = [two, tool('b', 20, 30), top, tool('a', 2, 10), one];
    expect(outline(await tableOf(spans))).toEqual(['Session', '  Turn 1', '    a', '    b', '  Turn 2']);
  });

  test('a span whose parent is not in the file is a root of its session', async () => {
    const table = await tableOf([tool('a', 2, 10), two, top]);
    expect(outline(table)).toEqual(['Session', '  Turn 2', 'a']);
    expect(table.sessions.map(({ from, to }) => [from, to])).toEqual([[0, 3]]);
  });

  test('sessions stand in order of start, each with the times of all it holds', async () => {
    const later = session({ at: [200, 300], sessionId: 'later' });
    const late = toolCall({ at: [290, 350], below: later });
    const table = await tableOf([later, late, one, top]);
    expect(table.sessions.map(({ id, start, end }) => [id, end - start])).toEqual([
      ['s1', 100_000],
      ['later', 150_000],
    ]);
  });

  test('a circle of parents is shown, not followed', async () => {
    const a = turn({ at: [0, 5], spanId: 'a'.repeat(16) as SpanId, parentSpanId: 'b'.repeat(16) as SpanId });
    const b = turn({
      at: [1, 4],
      spanId: 'b'.repeat(16) as SpanId,
      parentSpanId: 'a'.repeat(16) as SpanId,
      index: 2,
    });
    expect(outline(await tableOf([a, b, top]))).toEqual(['Session', 'Turn 1', '  Turn 2']);
  });

  test('a span that was sent again, whole, counts once, as it was last, and keeps its children', async () => {
    const again = { ...one, index: 7 };
    const table = await tableOf([tool('a', 2, 10), one, again, tool('b', 20, 30), two, top, two]);
    expect(outline(table)).toEqual(['Session', '  Turn 7', '    a', '    b', '  Turn 2']);
    expect(table.count).toBe(5);
  });
});

describe('marks', () => {
  test('tools that overlap form one group, also by way of a third', async () => {
    const table = await tableOf([
      tool('a', 2, 10),
      tool('b', 9, 20),
      tool('c', 19, 25),
      tool('d', 25, 30),
      apiCall({ at: [2, 40], below: one }),
      one,
      top,
    ]);
    const { parallel, parallelPlace } = marksOf(table);
    const groups = outline(table).map((label, span) => [label.trim(), parallel[span], parallelPlace[span]]);
    expect(groups).toContainEqual(['a', 3, PLACE.first]);
    expect(groups).toContainEqual(['b', 3, PLACE.middle]);
    expect(groups).toContainEqual(['c', 3, PLACE.last]);
    expect(groups).toContainEqual(['d', 0, PLACE.none]);
    expect(groups).toContainEqual(['claude-sonnet', 0, PLACE.none]);
  });

  test('everything below a sub-agent knows the nearest one', async () => {
    const outer = subagent({ at: [2, 40], below: one, role: 'outer' });
    const inner = subagent({ at: [3, 30], below: outer, role: 'inner' });
    const table = await tableOf([toolCall({ at: [4, 5], below: inner }), inner, outer, one, top]);
    expect(outline(table).map((label) => label.trim())).toEqual([
      'Session',
      'Turn 1',
      'outer',
      'inner',
      'terminal',
    ]);
    expect([...marksOf(table).agent]).toEqual([-1, -1, 2, 3, 3]);
  });
});

describe('rows', () => {
  const everything = { id: '', from: 0, to: 5, start: 0, end: 0 };

  test('a closed span hides what is below it, a filter what neither matches nor leads to a match', async () => {
    const table = await tableOf([tool('a', 2, 10), tool('b', 20, 30), two, one, top]);
    const none = new Uint8Array(5);
    expect([...visibleRows(table, everything, none, undefined)]).toEqual([0, 1, 2, 3, 4]);
    expect([...visibleRows(table, everything, Uint8Array.of(0, 1, 0, 0, 0), undefined)]).toEqual([0, 1, 4]);
    const kept = withAncestors(table, Uint8Array.of(0, 0, 0, 1, 0));
    expect([...visibleRows(table, everything, none, kept)]).toEqual([0, 1, 3]);
  });
});
