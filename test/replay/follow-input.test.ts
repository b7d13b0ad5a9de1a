import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { openFollowed } from '../../src/replay/follow-input.ts';
import { SILENCE } from '../../src/replay/input.ts';
import { createReport } from '../../src/replay/report.ts';

test('it is only as far as the lines it gave, also when it reads on while a silence is waited out', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'hermes-otel-follow-input-'));
  const log = join(folder, 'log');
  const controller = new AbortController();
  writeFileSync(log, '{"first":1}\n');
  const options = { follow: { pollMillis: 10 }, signal: controller.signal };
  const input = openFollowed([log], { options, report: createReport(1) }, undefined);
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

test('the offset of local times is kept with the position, for the lines after a restart', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'hermes-otel-follow-input-'));
  const log = join(folder, 'log');
  const line = (fields: object) => `${JSON.stringify({ session_id: 's', ...fields })}\n`;
  const call = { event: 'pre_api_request', ts: '2026-09-21T16:13:20', started_at: 1790000000 };
  const tool = { event: 'pre_tool_call', ts: '2026-09-21T16:13:21', tool_name: 't' };
  writeFileSync(log, line(call));
  try {
    const first = await readNext(log, undefined);
    expect(first.progress?.positions).toMatchObject([{ localOffsetMicros: 7200e6 }]);
    appendFileSync(log, line(tool));
    const { lines } = await readNext(log, first.progress);
    expect(lines).toMatchObject([{ event: { hook: 'pre_tool_call', time: 1_790_000_001_000_000 } }]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

/** The next lines after `start`, and the positions after them. */
async function readNext(log: string, start: Parameters<typeof openFollowed>[2]) {
  const controller = new AbortController();
  const options = { follow: { pollMillis: 10 }, signal: controller.signal };
  const input = openFollowed([log], { options, report: createReport(1) }, start);
  for await (const lines of input.lines) {
    if (lines === SILENCE || lines.length === 0) continue;
    const progress = input.progress?.();
    controller.abort();
    return { lines, progress };
  }
  throw new Error('no lines');
}
