import { describe, expect, test } from '@jest/globals';
import { epochMicros } from '../../src/model/time.ts';
import { sampleLog } from '../../src/sample/sample-log.ts';

const END = epochMicros(1_795_000_000_000_000);
const events = sampleLog('s1', END).map((line) => JSON.parse(line));

describe('the sample log', () => {
  test('is one turn with two API calls and two tools', () => {
    expect(events.map(({ event }) => event)).toEqual([
      'on_session_start',
      'pre_llm_call',
      'pre_api_request',
      'post_api_request',
      'pre_tool_call',
      'post_tool_call',
      'pre_tool_call',
      'post_tool_call',
      'pre_api_request',
      'post_api_request',
      'post_llm_call',
      'on_session_end',
      'on_session_finalize',
    ]);
  });

  test('is in order of time and ends at the time asked for', () => {
    const times = events.map(({ ts }) => ts);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(times.at(-1)).toBe(1_795_000_000);
  });

  test('depends on nothing but its two arguments', () => {
    expect(sampleLog('s1', END)).toEqual(sampleLog('s1', END));
  });
});
