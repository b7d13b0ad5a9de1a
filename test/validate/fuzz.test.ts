import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { renderText } from '../../src/validate/render.ts';
import { genuine } from '../parse/lines.ts';
import { inputsOf, lintLog } from './inputs.ts';

const LINES = [...genuine('0.14.0.flat'), ...genuine('0.19.0.shell'), ...genuine('hooks-test.shell')];

test('any lines in any order: never a throw, and every line is accounted for', () => {
  const line = fc.oneof(fc.constantFrom(...LINES), fc.json(), fc.string());
  fc.assert(
    fc.property(fc.array(line, { maxLength: 30 }), (texts) => {
      const inputs = inputsOf(texts);
      const report = lintLog(inputs);
      const rest = inputs.filter(({ parsed }) => parsed.kind === 'unknown' || parsed.kind === 'test').length;
      expect(report.events + report.lost + report.blank + rest).toBe(report.lines);
      expect(renderText(report).split('\n').length).toBeGreaterThan(5);
    }),
    { numRuns: 300 },
  );
});
