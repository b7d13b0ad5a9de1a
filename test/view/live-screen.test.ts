import { describe, expect, test } from '@jest/globals';
import { type EpochMicros, epochMicros } from '../../src/model/time.ts';
import { addFinished, createLiveScreen, renderFrame } from '../../src/view/live-screen.ts';
import { apiCall, session, toolCall, turn, usage } from '../agent-spans.ts';
import { PLAIN_100 } from './pages.ts';

const top = session({ at: [0, 20_000], sessionId: 'live', incomplete: 'end_of_input' });
const first = turn({ at: [0, 5_000], below: top, index: 1, userMessage: 'list the files' });
const call = apiCall({ at: [100, 2_000], below: first, usage: usage(900, 40) });
const second = turn({
  at: [10_000, 12_000],
  below: top,
  index: 2,
  incomplete: 'end_of_input',
  finalStatus: 'incomplete',
});
const tool = toolCall({
  at: [11_000, 11_000],
  below: second,
  toolName: 'terminal',
  status: undefined,
  incomplete: 'end_of_input',
});
const open = [tool, second, top];

function later(millis: number): EpochMicros {
  return epochMicros(top.startTime + millis * 1000);
}

function frame(now: EpochMicros, rows = 24): readonly string[] {
  const screen = createLiveScreen();
  addFinished(screen, [call, first]);
  return renderFrame(PLAIN_100, screen, { open, now, rows, notice: '' });
}

describe('a frame of the live screen', () => {
  test('the totals with what runs, then the turns, the newest first', () => {
    expect(frame(later(15_000)).map((line) => line.trimEnd())).toEqual([
      '1 session, 2 turns, 1 call, 1 tool',
      '900 in → 40 out · no errors',
      '',
      'session live · list the files  2026-11-23 08:20:14Z  cli  claude-sonnet',
      '├─ turn 2                                  5.00s  running  1 tool',
      '│  └─ tool terminal                        4.00s  running',
      '├─ turn 1 · list the files                 5.00s  900→40  1 call',
      '│  └─ chat claude-sonnet                   1.90s  900→40',
    ]);
  });

  test('before the first span it says what it follows', () => {
    const moment = {
      open: [],
      now: later(0),
      rows: 24,
      notice: 'Following hooks.ndjson from the beginning.',
    };
    expect(renderFrame(PLAIN_100, createLiveScreen(), moment)).toEqual([moment.notice]);
  });

  test('open spans grow from frame to frame', () => {
    const took = (now: EpochMicros) => /terminal\s+(.*\S) {2}running/.exec(frame(now).join('\n'))?.[1];
    expect([took(later(12_000)), took(later(12_500)), took(later(80_000))]).toEqual([
      '1.00s',
      '1.50s',
      '1m 09s',
    ]);
  });

  test('without an event for half an hour nothing runs any more', () => {
    const text = frame(later(40 * 60_000)).join('\n');
    expect(text).not.toContain('running');
    expect(text).toContain('incomplete (end of input)');
  });

  test('it is never longer than the screen: of a long turn the beginning and the newest rows', () => {
    const screen = createLiveScreen();
    const tools = Array.from({ length: 50 }, (_, n) =>
      toolCall({ at: [10_000 + n, 10_001 + n], below: second, toolName: `tool${n}` }),
    );
    addFinished(screen, tools);
    const lines = renderFrame(PLAIN_100, screen, { open, now: later(15_000), rows: 12, notice: '' });
    expect(lines.length).toBeLessThanOrEqual(12);
    expect(lines.find((line) => line.includes('turn 2'))).toContain('running');
    expect(lines.join('\n')).toMatch(/… \d+ earlier/);
    expect(lines.at(-1)).toContain('tool terminal');
  });

  test('sessions and turns that are sent again count once, and memory is bounded', () => {
    const screen = createLiveScreen();
    for (let again = 0; again < 3; again += 1) addFinished(screen, [first, top]);
    expect(screen.totals.work.turns).toBe(1);
    for (let n = 0; n < 5_000; n += 1) addFinished(screen, [toolCall({ at: [n, n + 1], below: first })]);
    expect(screen.recent.values.size).toBe(3_000);
  });
});
