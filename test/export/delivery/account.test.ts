import { describe, expect, test } from '@jest/globals';
import { openAccount } from '../../../src/export/delivery/account.ts';

describe('an account', () => {
  test('that does not add up is our bug, and thrown', () => {
    const account = openAccount('R', 'spans');
    account.add({ made: 3, accepted: 2 });
    expect(() => account.close()).toThrow(
      'the account of R does not add up: 3 spans made, 2 accepted, 0 rejected, 0 failed',
    );
  });

  test('reports each problem once, the most costly first, and notes last', () => {
    const account = openAccount('R', 'spans');
    account.add({ made: 10 });
    account.add({ failed: 1 }, 'few');
    for (let time = 0; time < 3; time += 1) account.add({ failed: 2, deadLettered: 2 }, 'often');
    account.add({ rejected: 2 }, 'late');
    account.note('warning');
    account.note('warning');
    account.add({ accepted: 1 });
    expect(account.close()).toMatchObject({
      problems: ['often (6 spans)', 'late (2 spans)', 'few (1 spans)', 'warning'],
      deadLettered: 6,
    });
  });

  test('stays small whatever a receiver says, and costs stay reported', () => {
    const account = openAccount('R', 'spans');
    for (let index = 0; index < 1000; index += 1) {
      account.add({ made: 1, rejected: 1, cut: 1 }, `no ${index}`);
      account.note(`span ${index} was cut`);
    }
    const { problems } = account.close();
    expect(problems).toHaveLength(20 + 1 + 5 + 1);
    expect(problems[20]).toBe('other problems (980 spans)');
    expect(problems.at(-1)).toBe('995 more notes like these');
  });
});
