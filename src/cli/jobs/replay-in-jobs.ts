/** The story of `--jobs`: threads that look for ties, hear of all of them, replay their shards, and are added up. */
import { availableParallelism } from 'node:os';
import { createGroups, tiePairs } from '../../shard/groups.ts';
import type { Interrupts } from '../interrupts.ts';
import type { Io } from '../io.ts';
import { readShift } from '../log-time.ts';
import type { Outcome } from '../outcome.ts';
import { reorderWindowMicros, withFixedMoments } from '../reconstruct-options.ts';
import type { ReplayFlags } from '../replay-flags.ts';
import { addReport, assertAccounted, createReport } from '../report.ts';
import { scavengeInParallel } from '../steady-heap.ts';
import { NOT_SHARED } from '../ties.ts';
import { allot } from './allot.ts';
import { openCoordinator } from './coordinator.ts';
import type { Plan } from './how-many.ts';
import { type Job, startJob } from './job.ts';
import type { Share } from './messages.ts';
import { maySkip, type PlannedLog, pieceBytesFor, piecesOf } from './plan.ts';

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
  const jobs = Array.from({ length: count }, (_, index) =>
    startJob(
      { shard: { index, count }, logs, flags, env: { ...io.env }, shiftMicros, taken },
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
    const shares = await sharesOf(jobs, logs, flags);
    if (typeof shares === 'string') {
      io.stderr.write(`hermes-otel: ${shares}\n`);
      scavengeInParallel(true);
      return undefined;
    }
    for (const [index, job] of jobs.entries()) job.tell({ kind: 'replay', ...shares(index) });
    const results = await Promise.all(jobs.map(({ result }, index) => coordinator.ended(index, result)));
    const accounts = await coordinator.finish(results, interrupt.received() && flags.shutdownTimeout);
    for (const result of results) addReport(report, result.report);
    assertAccounted(report);
    return { report, accounts, budgets: undefined, live: false };
  } finally {
    interrupt.signal.removeEventListener('abort', stop);
    await Promise.all(jobs.map((job) => job.stop()));
    await coordinator.close();
  }
}

/** What each job takes of what all found together; or a sentence that says why they cannot share the logs. */
async function sharesOf(
  jobs: readonly Job[],
  logs: readonly PlannedLog[],
  flags: ReplayFlags,
): Promise<((job: number) => Share) | string> {
  const found = await Promise.all(jobs.map(({ ties }) => ties));
  for (const { name } of logs) {
    for (const why of ['unplaceable', 'unreadable'] as const) {
      if (found.some((one) => one[why] === name)) return NOT_SHARED[why](name, 'one job replays it all');
    }
  }
  const groups = createGroups();
  for (const { pairs } of found) tiePairs(groups, pairs);
  const testIds = found.some((one) => one.testIds);
  const looked = new Map(found.flatMap((one) => [...one.looked]));
  const planned = piecesOf(logs, pieceBytesFor(logs, jobs.length));
  // Only after an interrupt some were not looked at, and then nothing more is read.
  const pieces = planned.map(({ number, log }) => ({ log, ...(looked.get(number) ?? NOT_LOOKED_AT) }));
  // Test payloads have no part in the log's time, and bytes alone do not tell them.
  const skip = maySkip({ logs, flags }) && !testIds;
  const allotted = allot(
    pieces,
    groups,
    jobs.length,
    skip ? { reorderWindowMicros: reorderWindowMicros(flags) } : undefined,
  );
  const ofLogs = <T>(of: (piece: (typeof pieces)[number], number: number) => T) =>
    logs.map((_, log) => pieces.flatMap((piece, number) => (piece.log === log ? [of(piece, number)] : [])));
  const shared = {
    pairs: groups.pairs(),
    ids: ofLogs(({ ids }) => ids),
    testIds,
    owners: allotted.owners,
    homes: ofLogs((_, number) => allotted.homes[number] ?? 0),
  };
  return (job) => ({ ...shared, runs: allotted.runs?.[job] });
}

const NOT_LOOKED_AT = { ids: new Int32Array(0), counts: new Int32Array(0), times: undefined };
