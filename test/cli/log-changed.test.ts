import { expect, test } from '@jest/globals';
import { tellOfChange } from '../../src/cli/jobs/share.ts';
import { createReport } from '../../src/cli/report.ts';

const looked = (...lines: number[]) => ({
  looked: new Map(
    lines.map((count, number) => [
      number,
      { ids: new Int32Array(count), counts: new Int32Array(0), lines: count, times: undefined },
    ]),
  ),
});

test('lines that one look has seen and the other has not are told', () => {
  const report = { ...createReport(1), lines: 9 };
  tellOfChange(report, [looked(4, 1), looked(4)]);
  expect(report.errors).toBe(0);
  tellOfChange(report, [looked(4, 2), looked(4)]);
  expect(report.diagnostics).toEqual([
    {
      severity: 'error',
      code: 'log-changed',
      message: '10 lines were found, and 9 replayed: a log was changed meanwhile; replay it again',
      at: undefined,
    },
  ]);
});
