import { describe, expect, test } from '@jest/globals';
import type { JsonValue } from '../../src/model/json.ts';
import { OBSERVER, USAGE, USAGE_READ } from './kwargs.ts';
import { flat, parse } from './lines.ts';

function usageOf(usage: JsonValue): unknown {
  const parsed = parse(flat('post_api_request', { ...OBSERVER, usage }));
  if (parsed.kind !== 'event' || parsed.event.hook !== 'post_api_request') throw new Error(parsed.kind);
  return { usage: parsed.event.usage, codes: parsed.diagnostics.map(({ code }) => code) };
}

describe('token counts', () => {
  const rows: [string, JsonValue, object | undefined, string[]][] = [
    ['all of them', USAGE, USAGE_READ, []],
    ['null is none', null, undefined, []],
    ['an empty object is none', {}, undefined, []],
    ['an object of nulls is none', { input_tokens: null, output_tokens: null }, undefined, []],
    ['zeroes are zeroes', { input_tokens: 0, output_tokens: 0 }, { inputTokens: 0, outputTokens: 0 }, []],
    ['what is missing stays missing', { output_tokens: 5 }, { outputTokens: 5 }, []],
    [
      'uncached input from prompt_tokens and the caches',
      { prompt_tokens: 100, cache_read_tokens: 60, cache_write_tokens: 10, output_tokens: 1 },
      { inputTokens: 30, promptTokens: 100, cacheReadTokens: 60, cacheWriteTokens: 10, outputTokens: 1 },
      [],
    ],
    [
      'uncached input from prompt_tokens alone',
      { prompt_tokens: 100 },
      { inputTokens: 100, promptTokens: 100 },
      [],
    ],
    [
      'more cached than prompted: nothing is derived',
      { prompt_tokens: 5, cache_read_tokens: 6 },
      { promptTokens: 5, cacheReadTokens: 6 },
      ['usage-mismatch'],
    ],
    [
      'a negative count is left out',
      { input_tokens: -1, output_tokens: 2 },
      { outputTokens: 2 },
      ['wrong-type'],
    ],
    [
      'half a token is left out',
      { input_tokens: 1.5, output_tokens: 2 },
      { outputTokens: 2 },
      ['wrong-type'],
    ],
    ['a string is left out', { input_tokens: '7', output_tokens: 2 }, { outputTokens: 2 }, ['wrong-type']],
    [
      'a count that was not reported is absent, also in the total',
      {
        ...USAGE,
        cache_read_tokens: 0,
        output_tokens: 0,
        reported_usage_fields: {
          prompt_tokens: true,
          input_tokens: false,
          output_tokens: false,
          cache_read_tokens: false,
          cache_write_tokens: false,
          reasoning_tokens: false,
        },
      },
      { promptTokens: 9120, inputTokens: 9120 },
      [],
    ],
    [
      'reported counts as a list of names',
      { ...USAGE, reported_usage_fields: ['prompt_tokens', 'output_tokens', 'total_tokens'] },
      { promptTokens: 9120, inputTokens: 9120, outputTokens: 48, totalTokens: 9168 },
      [],
    ],
    [
      'names of the chat API',
      {
        prompt_tokens: 100,
        completion_tokens: 20,
        total_tokens: 120,
        prompt_tokens_details: { cached_tokens: 60 },
        completion_tokens_details: { reasoning_tokens: 5 },
      },
      {
        inputTokens: 40,
        outputTokens: 20,
        cacheReadTokens: 60,
        reasoningTokens: 5,
        promptTokens: 100,
        totalTokens: 120,
      },
      [],
    ],
    [
      'names of the chat API beside those of Hermes',
      { prompt_tokens: 100, completion_tokens: 20, cache_read_tokens: 60 },
      { inputTokens: 40, outputTokens: 20, cacheReadTokens: 60, promptTokens: 100 },
      [],
    ],
    [
      'the name of Hermes goes before that of the provider',
      { output_tokens: 20, completion_tokens: 7, cache_read_tokens: 60, cache_read_input_tokens: 5 },
      { outputTokens: 20, cacheReadTokens: 60 },
      [],
    ],
    [
      'a total that equals the input',
      { prompt_tokens: 100, total_tokens: 100 },
      { inputTokens: 100, promptTokens: 100, totalTokens: 100, outputTokens: 0 },
      [],
    ],
    [
      'as many cached as prompted',
      { prompt_tokens: 6, cache_read_tokens: 6 },
      { inputTokens: 0, promptTokens: 6, cacheReadTokens: 6 },
      [],
    ],
    [
      'names of the responses API, whose input includes cached tokens',
      { input_tokens: 100, input_tokens_details: { cached_tokens: 60 }, output_tokens: 20 },
      { inputTokens: 40, outputTokens: 20, cacheReadTokens: 60, promptTokens: 100 },
      [],
    ],
    [
      'names of the messages API',
      { input_tokens: 7, cache_read_input_tokens: 60, cache_creation_input_tokens: 3, output_tokens: 2 },
      { inputTokens: 7, outputTokens: 2, cacheReadTokens: 60, cacheWriteTokens: 3 },
      [],
    ],
    [
      'output from the total and the input',
      { prompt_tokens: 100, total_tokens: 120 },
      { inputTokens: 100, promptTokens: 100, totalTokens: 120, outputTokens: 20 },
      [],
    ],
    [
      'a total below the input gives no output',
      { prompt_tokens: 100, total_tokens: 12 },
      { inputTokens: 100, promptTokens: 100, totalTokens: 12 },
      [],
    ],
    ['a list is no usage', [1, 2], undefined, ['wrong-type']],
  ];
  test.each(rows)('%s', (_claim, sent, usage, codes) => {
    expect(usageOf(sent)).toEqual({ usage, codes });
  });

  test('a count without end is left out', () => {
    const parsed = parse(
      '{"ts":1789467301,"event":"post_api_request","session_id":"s","usage":{"input_tokens":1e999,"output_tokens":2}}',
    );
    expect(parsed).toMatchObject({
      event: { usage: { inputTokens: undefined, outputTokens: 2 } },
      diagnostics: [
        {
          code: 'wrong-type',
          message:
            'post_api_request: usage.input_tokens is a number too large, not a whole number from 0: left out',
        },
      ],
    });
  });
});
