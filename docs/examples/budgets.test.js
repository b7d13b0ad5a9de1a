// A test of an agent: it fails when a recorded session breaks a budget.
//   node --test docs/examples/budgets.test.js
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { replay } from 'hermes-otel';

test('the agent stays within its budgets', async () => {
  const { budgets } = await replay('fixtures/seed/six-spans/input.ndjson', {
    budgets: ['errors>0', 'turn_p95>60s', 'tokens>100000'],
  });
  assert.deepEqual(
    budgets.filter(({ broken }) => broken).map(({ message }) => message),
    [],
  );
});
