import { describe, expect, test } from '@jest/globals';
import { openAccount } from '../../../src/export/delivery/account.ts';

describe('an account', () => {
  test('that does not add up is our bug, and thrown', () => {
    const account = openAccount('R', 'spans');
    account.made(3);
    account.accepted(2);
    expect(() => account.close()).toThrow(
      'the account of R does not add up: 3 spans made, 2 accepted, 0 rejected, 0 failed',
    );
  });

  test('reports each problem once, the most costly first, and notes last', () => {
    const account = openAccount('R', 'spans');
    account.made(10);
    account.failed(1, 'few', { deadLettered: false });
    for (let time = 0; time < 3; time += 1) account.failed(2, 'often', { deadLettered: true });
    account.rejected(2, 'late');
    account.note('warning');
    account.note('warning');
    account.accepted(1);
    expect(account.close()).toMatchObject({
      problems: ['often (6 spans)', 'late (2 spans)', 'few (1 spans)', 'warning'],
      deadLettered: 6,
    });
  });

  test('stays small whatever a receiver says, and costs stay reported', () => {
    const account = openAccount('R', 'spans');
    for (let index = 0; index < 1000; index += 1) {
      account.made(1);
      account.cut(1, `span ${index} was cut`);
      account.rejected(1, `no ${index}`);
    }
    const { problems } = account.close();
    expect(problems).toHaveLength(20 + 1 + 5 + 1);
    expect(problems[20]).toBe('other problems (980 spans)');
    expect(problems.at(-1)).toBe('995 more notes like these');
  });
});
