import { describe, expect, test } from '@jest/globals';
import { pathTextOf, shortModel } from '../../../src/viewer/data/labels.ts';
import { apiCall, session, toolCall, turn } from '../../agent-spans.ts';
import { tableOf } from './table.ts';

describe('names of models without what they share', () => {
  test.each([
    [['anthropic/claude-sonnet-4-5', 'anthropic/claude-haiku-4-5'], '…sonnet-4-5'],
    [['anthropic/claude-sonnet-4-5'], 'claude-sonnet-4-5'],
    [['claude-sonnet-4-5-20250929', 'gpt-5.2'], 'claude-sonnet-4-5-20250929'],
    [['gpt-5.2', 'gpt-5.2-mini'], 'gpt-5.2'],
    [['fake-model-1', 'fake-model-1-2026-11-23'], 'fake-model-1'],
    [['qwen3-coder-480b-a35b'], 'qwen3-coder-480b-a35b'],
  ])('%j: %s', async (models, shown) => {
    const top = session({ at: [0, 10], model: models[0] });
    const calls = models.map((model, n) => apiCall({ at: [n, n + 1], below: top, model }));
    expect(shortModel(await tableOf([...calls, top]), models[0] ?? '')).toBe(shown);
  });
});

test('a critical path names what was waited for, the longest first', async () => {
  const top = turn({ at: [0, 10_000] });
  const below = [
    apiCall({ at: [0, 2_000], below: top, model: 'gpt-5.2' }),
    toolCall({ at: [2_000, 4_000], below: top, toolName: 'read_file' }),
    toolCall({ at: [2_000, 9_000], below: top, toolName: 'terminal', args: '{"command":"make test"}' }),
  ];
  expect(pathTextOf(await tableOf([...below, top]), 0)).toBe('$ make test 70 %, gpt-5.2 20 %, agent 10 %');
});
