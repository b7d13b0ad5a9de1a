import { expect, test } from '@jest/globals';
import { renderJson, renderText } from '../../src/validate/render.ts';
import { flat } from '../parse/lines.ts';
import { inputsOf, lintLog } from './inputs.ts';

const HOSTILE = '\u001b[31m\u202e\u0085evil';

test('names from the log cannot act on a terminal, in text and in JSON', () => {
  const report = lintLog(
    inputsOf([
      flat(HOSTILE, { session_id: HOSTILE }),
      flat('post_llm_call', { [HOSTILE]: 1, session_id: 's' }),
    ]),
  );
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
  const acting = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/;
  expect(renderText(report)).not.toMatch(acting);
  expect(renderJson(report)).not.toMatch(acting);
  expect(renderText(report)).toContain('\\u{1b}[31m\\u{202e}\\u{85}evil is an unknown hook');
});

test('names of files go through the function that makes text safe', () => {
  const report = lintLog(inputsOf(['x'], `${HOSTILE}.ndjson`));
  const text = renderText(report);
  expect(text).toContain('␛[31m\\u{202e}\\u{85}evil.ndjson:1');
  expect(text).not.toContain(HOSTILE);
});

test('the JSON is the report', () => {
  const report = lintLog(inputsOf(['x', flat('pre_llm_call', { session_id: 's' })], `${HOSTILE}.ndjson`));
  expect(JSON.parse(renderJson(report))).toEqual(JSON.parse(JSON.stringify(report)));
});

test('a clean log is said to be one', () => {
  const lines = [
    flat('on_session_start', { session_id: 's' }),
    flat('on_session_finalize', { session_id: 's' }),
  ];
  expect(renderText(lintLog(inputsOf(lines)))).toMatch(/\nNo problems found\.\n$/);
});
