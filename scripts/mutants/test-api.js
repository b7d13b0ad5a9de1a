/**
 * The part of Jest's API that the suites of the stages use, without Jest: starting Jest takes longer than most mutants live.
 * `scripts/mutants/mutants.js` puts it in the place of `@jest/globals`.
 */
export { expect } from 'expect';

/** The tests of the suite that was imported last, in their order. */
export const tests = [];

const path = [];

export function describe(name, body) {
  path.push(name);
  body();
  path.pop();
}

export function test(name, body) {
  tests.push({ name: [...path, name].join(' › '), body });
}

describe.each = (table) => each(describe, table);
test.each = (table) => each(test, table);

function each(one, table) {
  return (name, body) => {
    for (const row of table) {
      const cells = Array.isArray(row) ? row : [row];
      one(`${name} (${String(cells[0]).slice(0, 60)})`, () => body(...cells));
    }
  };
}
