import { expect, test } from '@jest/globals';
import { createLiveTree, showBatch, showRest } from '../../src/view/live-tree.ts';
import { session, toolCall, turn } from '../agent-spans.ts';
import { PLAIN_100 } from './pages.ts';

test('memory is bounded: beyond the limit the oldest waiting spans are shown before their turn', () => {
  const live = createLiveTree(PLAIN_100, { waiting: 3, shown: 100 });
  const open = turn({ at: [0, 9000] });
  const tools = [1, 2, 3, 4, 5].map((n) => toolCall({ at: [n, n + 1], below: open, toolName: `tool${n}` }));
  for (const tool of tools) showBatch(live, [tool]);
  expect(live.waiting.spans.size).toBe(3);
  expect(live.lines.filter((line) => line.includes('its turn is still open'))).toHaveLength(2);
  showBatch(live, [open]);
  expect(live.waiting.spans.size).toBe(0);
  expect(live.lines.filter((line) => /tool tool\d/.test(line))).toHaveLength(5);
});

test('memory is bounded: of a thousand sessions nothing stays but what late spans may need', () => {
  const live = createLiveTree(PLAIN_100, { waiting: 100, shown: 50 });
  for (let n = 0; n < 1000; n += 1) {
    const root = session({ at: [n, n + 10], sessionId: `session-${n}` });
    const only = turn({ at: [n, n + 9], below: root });
    showBatch(live, [toolCall({ at: [n, n + 1], below: only }), only, root]);
    live.lines = [];
  }
  expect(live.waiting.spans.size + live.waiting.byParent.size).toBe(0);
  expect(live.shown.values.size).toBeLessThanOrEqual(50);
  expect(live.introduced.values.size).toBeLessThanOrEqual(50);
});

test('what remains is shown once', () => {
  const live = createLiveTree(PLAIN_100);
  showBatch(live, [toolCall({ at: [0, 1], below: turn({ at: [0, 2] }) })]);
  showRest(live);
  const shown = live.lines.length;
  showRest(live);
  expect(live.lines).toHaveLength(shown);
});

test('a call of no session has a header that says so', () => {
  const live = createLiveTree(PLAIN_100);
  showBatch(live, [toolCall({ at: [0, 1], sessionId: '' })]);
  showRest(live);
  expect(live.lines[0]).toMatch(/^outside sessions {2}\d/);
});
