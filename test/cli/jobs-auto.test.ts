import { expect, test } from '@jest/globals';
import { jobsWorthwhile } from '../../src/cli/jobs/how-many.ts';

const MIB = 1024 * 1024;
const log = (mebibytes: number, gzip = false) => ({ name: 'log', sizeBytes: mebibytes * MIB, gzip });

test.each([
  ['a core is one job', [log(10_000)], 1, 1],
  ['a job for each core, when there is enough for it', [log(10_000)], 8, 8],
  ['a job for each 256 MiB', [log(400), log(400)], 8, 3],
  ['compressed logs are larger than they look', [log(128, true)], 8, 4],
  ['a small log', [log(1)], 8, 0],
])('%s', (_claim, logs, cores, expected) => {
  expect(jobsWorthwhile(logs, cores)).toBe(expected);
});
