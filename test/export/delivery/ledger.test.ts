import { describe, expect, test } from '@jest/globals';
import { createLedger } from '../../../src/export/delivery/ledger.ts';

describe('an account', () => {
  test('that does not add up is our bug, and thrown', () => {
    const ledger = createLedger('R', 'spans');
    ledger.made(3);
    ledger.accepted(2);
    expect(() => ledger.close()).toThrow(
      'the account of R does not add up: 3 spans made, 2 accepted, 0 rejected, 0 failed',
    );
  });

  test('tells each problem once, the most costly first, and notes last', () => {
    const ledger = createLedger('R', 'spans');
    ledger.made(10);
    ledger.failed(1, 'few', false);
    for (let time = 0; time < 3; time += 1) ledger.failed(2, 'often', true);
    ledger.rejected(2, 'late');
    ledger.note('warning');
    ledger.note('warning');
    ledger.accepted(1);
    expect(ledger.close()).toMatchObject({
      problems: ['often (6 spans)', 'late (2 spans)', 'few (1 spans)', 'warning'],
      deadLettered: 6,
    });
  });

  test('stays small whatever a receiver says, and costs stay told', () => {
    const ledger = createLedger('R', 'spans');
    for (let index = 0; index < 1000; index += 1) {
      ledger.made(1);
      ledger.cut(1, `span ${index} was cut`);
      ledger.rejected(1, `no ${index}`);
    }
    const { problems } = ledger.close();
    expect(problems).toHaveLength(20 + 1 + 5 + 1);
    expect(problems[20]).toBe('other problems (980 spans)');
    expect(problems.at(-1)).toBe('995 more notes like these');
  });
});
