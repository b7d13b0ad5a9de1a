import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { Command } from 'commander';
import { addFlags, readFlags } from '../../src/cli/flags.ts';
import { openFollowed } from '../../src/cli/follow-input.ts';
import { SILENCE } from '../../src/cli/input.ts';
import { REPLAY_FLAGS } from '../../src/cli/replay-flags.ts';
import { createReport } from '../../src/cli/report.ts';
import { testIo } from '../run-main.ts';

test('it is only as far as the lines it gave, also when it reads on while a silence is heard out', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'hermes-otel-follow-input-'));
  const log = join(folder, 'log');
  const controller = new AbortController();
  writeFileSync(log, '{"first":1}\n');
  const command = new Command();
  addFlags(command, REPLAY_FLAGS);
  command.parse(['--follow', '--poll-interval', '10ms'], { from: 'user' });
  const flags = { ...readFlags(REPLAY_FLAGS, command, {}), color: undefined };
  const { io } = testIo({});
  const input = openFollowed([log], flags, io, controller.signal, createReport(1), undefined);
  try {
    const batches = input.lines[Symbol.asyncIterator]();
    let lines = 0;
    while (lines === 0) {
      const { value } = await batches.next();
      if (value !== SILENCE && value !== undefined) lines += value.length;
    }
    expect((await batches.next()).value).toBe(SILENCE);
    appendFileSync(log, '{"second":2}\n');
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(input.progress?.().positions).toMatchObject([{ line: 1, offsetBytes: 12 }]);
    expect(await batches.next()).toMatchObject({ value: [{}] });
    expect(input.progress?.().positions).toMatchObject([{ line: 2, offsetBytes: 25 }]);
    controller.abort();
    while ((await batches.next()).done !== true);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
