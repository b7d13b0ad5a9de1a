/** The story of `--jobs`: threads that look for ties, hear of all of them, replay their shards, and are added up. */
import { availableParallelism } from 'node:os';
import type { Interrupts } from '../interrupts.ts';
import type { Io } from '../io.ts';
import { readShift } from '../log-time.ts';
import type { Outcome } from '../outcome.ts';
import { withFixedMoments } from '../reconstruct-options.ts';
import type { ReplayFlags } from '../replay-flags.ts';
import { addReport, assertAccounted, createReport } from '../report.ts';
import { scavengeInParallel } from '../steady-heap.ts';
import { openCoordinator } from './coordinator.ts';
import type { Plan } from './how-many.ts';
import { startJob } from './job.ts';
import { pieceBytesFor } from './plan.ts';
import { reasonNotToShare, sharesOf, tellOfChange } from './share.ts';

/** @returns `undefined` when only one job can replay these logs; that was said, and nothing was sent. */
export async function replayInJobs(
  { jobs: count, logs }: Plan,
  given: ReplayFlags,
  io: Io,
  interrupt: Interrupts,
): Promise<Outcome | undefined> {
  // Helpers of each thread's collector would only stand in the way of the other threads.
  if (count >= availableParallelism()) scavengeInParallel(false);
  const flags = withFixedMoments(given);
  const names = logs.map(({ name }) => name);
  const shiftMicros = await readShift(names, flags, io, interrupt.signal);
  const report = createReport(logs.length);
  const coordinator = await openCoordinator(count, flags, io, report);
  const taken = new SharedArrayBuffer(4);
  const pieceBytes = pieceBytesFor(logs, count);
  const jobs = Array.from({ length: count }, (_, index) =>
    startJob(
      { shard: { index, count }, logs, pieceBytes, flags, env: { ...io.env }, shiftMicros, taken },
      coordinator.serviceOf(index),
    ),
  );
  const stop = () => {
    coordinator.hurry(flags.shutdownTimeout);
    for (const job of jobs) job.tell({ kind: 'interrupt' });
  };
  if (interrupt.signal.aborted) stop();
  interrupt.signal.addEventListener('abort', stop);
  try {
    const found = await Promise.all(jobs.map(({ ties }) => ties));
    const shares = reasonNotToShare(found, logs) ?? sharesOf(found, logs, flags, pieceBytes);
    if (typeof shares === 'string') {
      io.stderr.write(`hermes-otel: ${shares}\n`);
      scavengeInParallel(true);
      return undefined;
    }
    for (const [index, share] of shares.entries()) jobs[index]?.tell({ kind: 'replay', ...share });
    const results = await Promise.all(jobs.map(({ result }, index) => coordinator.ended(index, result)));
    const accounts = await coordinator.finish(results, interrupt.received() && flags.shutdownTimeout);
    for (const result of results) addReport(report, result.report);
    assertAccounted(report);
    if (!interrupt.signal.aborted) tellOfChange(report, found);
    return { report, accounts, budgets: undefined, live: false };
  } finally {
    interrupt.signal.removeEventListener('abort', stop);
    await Promise.all(jobs.map((job) => job.stop()));
    await coordinator.close();
  }
}
