/** Logs as the recorder writes them and shippers deliver them, and what a replay makes of them. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import fc from 'fast-check';
import { otlpFile } from '../../src/replay/exporters.ts';
import type { ReplayOptions } from '../../src/replay/options.ts';
import { replay } from '../../src/replay/replay.ts';
import type { ReplayReport } from '../../src/replay/report.ts';
import { decode, type Telemetry } from '../e2e/otlp.ts';
import type { FlatEvent } from '../replayed.ts';

/** The events as lines of one process, numbered. */
export function recorded(events: readonly FlatEvent[], pid = 7): readonly string[] {
  return events.map(({ ts, event, ...fields }, index) =>
    JSON.stringify({ ts: (Math.round(ts * 1e6) + 321) / 1e6, event, pid, seq: index + 1, ...fields }),
  );
}

/** A shipper that restarts: each block is sent again after a line behind it. */
export const restarts = fc.array(fc.record({ from: fc.nat(200), lines: fc.nat(20), late: fc.nat(5) }), {
  minLength: 1,
  maxLength: 5,
});

export function redelivered<T>(
  lines: readonly T[],
  blocks: readonly { readonly from: number; readonly lines: number; readonly late: number }[],
): readonly T[] {
  const all = lines.map((line) => [line]);
  for (const { from, lines: count, late } of blocks) {
    const first = from % lines.length;
    const block = lines.slice(first, first + count + 1);
    all[Math.min(lines.length - 1, first + block.length - 1 + late)]?.push(...block);
  }
  return all.flat();
}

export async function telemetryOf(
  lines: readonly string[],
  options: ReplayOptions = {},
): Promise<Telemetry & { readonly report: ReplayReport }> {
  const out = new PassThrough();
  const chunks: Buffer[] = [];
  out.on('data', (chunk: Buffer) => chunks.push(chunk));
  // A file: a pipe is read by the wall clock too, which a busy machine makes fall silent.
  const folder = await mkdtemp(join(tmpdir(), 'hermes-otel-shipped-'));
  const log = join(folder, 'hooks.ndjson');
  await writeFile(log, lines.map((line) => `${line}\n`).join(''));
  const report = await replay(log, { ...options, destinations: [otlpFile(out)] });
  await rm(folder, { recursive: true });
  return { ...decode(Buffer.concat(chunks).toString('utf8').split('\n')), report };
}
