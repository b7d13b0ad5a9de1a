import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { databaseFile } from '../../database/pairs.ts';
import { startBinIn } from '../../start-bin.ts';

const directory = mkdtempSync(join(tmpdir(), 'silent-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

// Node reads databases itself from 22.13 on.
const testPython = Number(process.versions.node.split('.')[0]) < 22 ? test : test.skip;

testPython('a Python that never answers is given up after half a minute, with what it started', async () => {
  writeFileSync(join(directory, 'python3'), '#!/bin/sh\nsleep 300 & wait\n');
  chmodSync(join(directory, 'python3'), 0o755);
  const env = { PATH: `${directory}:/bin` };
  const { code, err } = await startBinIn({ env }, 'replay', databaseFile('0.19.0/tools-parallel'), '-q')
    .ended;
  expect({ code, err }).toEqual({
    code: 2,
    err: expect.stringContaining('python3 ended: no answer in 30 s'),
  });
});
