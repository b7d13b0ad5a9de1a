import { describe, expect, test } from '@jest/globals';
import { labelOf } from '../../../src/viewer/data/labels.ts';
import { type Filter, matchSpans, parseQuery } from '../../../src/viewer/data/search.ts';
import { apiCall, session, toolCall, turn, usage } from '../../agent-spans.ts';
import { tableOf } from './table.ts';

const top = session({ at: [0, 1_000] });
const one = turn({ at: [1, 900], below: top });
const SPANS = [
  toolCall({ at: [10, 20], below: one, toolName: 'read_file', toolCallId: 'call_A1' }),
  toolCall({ at: [30, 530], below: one, toolName: 'terminal', status: 'error', errorMessage: 'Exit code 2' }),
  apiCall({ at: [600, 800], below: one, model: 'gpt-x', usage: usage(1_000, 50) }),
  one,
  top,
];
const ALL: Filter = { query: '', kinds: new Set(), errorsOnly: false, minDuration: 0 };

async function found(filter: Partial<Filter>): Promise<readonly string[]> {
  const table = await tableOf(SPANS);
  const matches = matchSpans(table, { ...ALL, ...filter });
  return Array.from(matches.keys())
    .filter((span) => matches[span] === 1)
    .map((span) => labelOf(table, span));
}

describe('queries', () => {
  test.each([
    ['', []],
    ['a b', ['a', 'b']],
    ['"a b"', ['a b']],
    ['-x', ['not x']],
    ['tool=A', ['tool = a']],
    ['gen_ai.usage.input_tokens>10', ['gen_ai.usage.input_tokens > 10']],
    ['error.type=', ['error.type = ']],
    ['tool="two words"', ['tool = two words']],
    ['http://x/?a', ['http://x/?a']],
  ])('%s', (query, terms) => {
    const reported = parseQuery(query).map(({ not, key, operator, value }) =>
      [not ? 'not' : undefined, key, key === undefined ? undefined : operator, value]
        .filter((part) => part !== undefined)
        .join(' '),
    );
    expect(reported).toEqual(terms);
  });
});

describe('search and filters', () => {
  test.each([
    ['a name, whatever the case', 'READ_FILE', ['read_file']],
    ['an id of an attribute', 'call_a1', ['read_file']],
    ['a fact by its short name', 'tool=terminal', ['terminal']],
    ['an attribute by the end of its key', 'input_tokens=1000', ['gpt-x']],
    ['the end of a key is a whole word', 'put_tokens=1000', []],
    ['numbers above', 'output_tokens>49', ['gpt-x']],
    ['numbers not above', 'output_tokens>50', []],
    ['durations in millis', 'duration_ms>400 kind=tool', ['terminal']],
    ['not', 'kind=tool -terminal', ['read_file']],
    ['all terms must hold', 'read_file terminal', []],
    ['a status message', '"exit code"', ['terminal']],
  ])('finds %s', async (_name, query, labels) => {
    expect(await found({ query })).toEqual(labels);
  });

  test('kinds, errors and durations hold together', async () => {
    expect(await found({ kinds: new Set([3]) })).toEqual(['read_file', 'terminal']);
    expect(await found({ errorsOnly: true })).toEqual(['terminal']);
    expect(await found({ kinds: new Set([2, 3]), minDuration: 100_000 })).toEqual(['terminal', 'gpt-x']);
  });
});
