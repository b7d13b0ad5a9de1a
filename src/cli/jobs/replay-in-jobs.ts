/** The story of `--jobs`: threads that look for ties, hear of all of them, replay their shares, and are added up. */
import { createGroups, tiePairs } from '../../share/groups.ts';
import type { Interrupts } from '../interrupts.ts';
import type { Io } from '../io.ts';
import { readShift } from '../log-time.ts';
import type { Outcome } from '../outcome.ts';
import { withFixedMoments } from '../reconstruct-options.ts';
import type { ReplayFlags } from '../replay-flags.ts';
import { addReport, assertAccounted, createReport } from '../report.ts';
import { openDesk } from './desk.ts';
import type { Plan } from './how-many.ts';
import { type Job, startJob } from './job.ts';
import type { FoundTies } from './messages.ts';

/** @returns `undefined` when only one job can replay these logs; that was said, and nothing was sent. */
export async function replayInJobs(
  { jobs: count, logs }: Plan,
  given: ReplayFlags,
  io: Io,
  interrupt: Interrupts,
): Promise<Outcome | undefined> {
  const flags = withFixedMoments(given);
  const names = logs.map(({ name }) => name);
  const shiftMicros = await readShift(names, flags, io, interrupt.signal);
  const report = createReport(logs.length);
  const desk = await openDesk(count, flags, io, report);
  const taken = new SharedArrayBuffer(4);
  const jobs = Array.from({ length: count }, (_, index) =>
    startJob(
      { part: { index, count }, logs, flags, env: { ...io.env }, shiftMicros, taken },
      desk.clerkOf(index),
    ),
  );
  const stop = () => {
    desk.hurry(flags.shutdownTimeout);
    for (const job of jobs) job.tell({ kind: 'interrupt' });
  };
  if (interrupt.signal.aborted) stop();
  interrupt.signal.addEventListener('abort', stop);
  try {
    const ties = await tiesOf(jobs);
    if (ties.unplaceable !== undefined) {
      io.stderr.write(
        `hermes-otel: ${ties.unplaceable} has approvals without a session, as Hermes wrote them before 0.16: one job replays it all.\n`,
      );
      return undefined;
    }
    for (const job of jobs) job.tell({ kind: 'replay', ...ties });
    const results = await Promise.all(jobs.map(({ result }, index) => desk.ended(index, result)));
    const accounts = await desk.finish(results, interrupt.received() && flags.shutdownTimeout);
    for (const result of results) addReport(report, result.report);
    assertAccounted(report);
    return { report, accounts, budgets: undefined, live: false };
  } finally {
    interrupt.signal.removeEventListener('abort', stop);
    await Promise.all(jobs.map((job) => job.stop()));
    await desk.close();
  }
}

/** What all jobs found together. */
async function tiesOf(jobs: readonly Job[]): Promise<FoundTies> {
  const found = await Promise.all(jobs.map(({ ties }) => ties));
  const groups = createGroups();
  for (const { pairs } of found) tiePairs(groups, pairs);
  return {
    pairs: groups.pairs(),
    testIds: found.some(({ testIds }) => testIds),
    unplaceable: found.find(({ unplaceable }) => unplaceable !== undefined)?.unplaceable,
  };
}
