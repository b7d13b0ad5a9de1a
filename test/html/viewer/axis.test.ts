import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { panned, placeOf, plainAxis, shortAxis, timeOf, zoomed } from '../../../src/viewer/data/axis.ts';
import type { Session } from '../../../src/viewer/data/table.ts';
import { ticksOf } from '../../../src/viewer/data/ticks.ts';
import { session, turn } from '../../agent-spans.ts';
import { tableOf } from './table.ts';

const HOUR = 3_600_000;

/** Two turns of a minute with hours between them, and an hour until the session ends. */
async function idleSession() {
  const top = session({ at: [0, 6 * HOUR] });
  const table = await tableOf([
    turn({ at: [0, 60_000], below: top, index: 1 }),
    turn({ at: [4 * HOUR, 4 * HOUR + 60_000], below: top, index: 2 }),
    top,
  ]);
  const [only] = table.sessions;
  if (only === undefined) throw new Error('there is one session');
  return { table, only };
}

describe('the axis of a session with idle hours', () => {
  test('gives them little room, and what runs its own', async () => {
    const { table, only } = await idleSession();
    const axis = shortAxis(table, only);
    expect(axis.gaps.length).toBe(2);
    expect(axis.length).toBeCloseTo(120e6 * 1.04, 0);
    expect(placeOf(axis, only.start + 60e6)).toBe(60e6);
    expect(placeOf(axis, only.start + 4 * HOUR * 1000)).toBeCloseTo(60e6 + 2.4e6, 0);
  });

  test('time → place → time is the same time, and later is never left of earlier', async () => {
    const { table, only } = await idleSession();
    const axis = shortAxis(table, only);
    const anyTime = fc.integer({ min: only.start, max: only.end });
    fc.assert(
      fc.property(anyTime, anyTime, (a, b) => {
        expect(Math.abs(timeOf(axis, placeOf(axis, a)) - a)).toBeLessThan(2);
        expect(Math.sign(placeOf(axis, a) - placeOf(axis, b))).toBe(Math.sign(a - b));
        expect(placeOf(axis, a)).toBeGreaterThanOrEqual(0);
        expect(placeOf(axis, a)).toBeLessThanOrEqual(axis.length + 1);
      }),
    );
  });

  test('its round times stand apart and outside of the gaps', async () => {
    const { table, only } = await idleSession();
    const axis = shortAxis(table, only);
    const ticks = ticksOf(axis, { from: 0, to: axis.length }, 6);
    expect(ticks.length).toBeGreaterThan(3);
    for (const { at } of ticks) {
      expect(axis.gaps.every((gap) => at <= gap.at || at >= gap.until)).toBe(true);
      expect(ticks.every((other) => other.at === at || Math.abs(other.at - at) > axis.length / 10)).toBe(
        true,
      );
    }
  });
});

describe('windows', () => {
  const whole: Session = { id: '', from: 0, to: 0, start: 1e15, end: 1e15 + 60e6 };
  const axis = plainAxis(whole);
  const window = fc
    .tuple(fc.integer({ min: 0, max: 59e6 }), fc.integer({ min: 300, max: 60e6 }))
    .map(([from, length]) => panned(axis, { from, to: from + length }, 0));

  test('zooming and panning never leave the session, and zooming keeps what is at the pointer', () => {
    fc.assert(
      fc.property(
        window,
        fc.double({ min: 0.1, max: 10, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (before, factor, share) => {
          const pointer = before.from + share * (before.to - before.from);
          const after = zoomed(axis, before, factor, pointer);
          expect(after.from).toBeGreaterThanOrEqual(0);
          expect(after.to).toBeLessThanOrEqual(axis.length + 0.001);
          expect(pointer).toBeGreaterThanOrEqual(after.from - 0.001);
          expect(pointer).toBeLessThanOrEqual(after.to + 0.001);
        },
      ),
    );
  });

  test.each([
    [60e6, ['0', '10', '20', '30', '40', '50', '60']],
    [9e6, ['0', '2', '4', '6', '8']],
  ])('round times of %d micros', (length, seconds) => {
    const ticks = ticksOf({ ...axis, length }, { from: 0, to: length }, 6);
    expect(ticks.map(({ offset }) => String(offset / 1e6))).toEqual(seconds);
  });
});
