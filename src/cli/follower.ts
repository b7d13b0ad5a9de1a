/** What a follower does between two batches and at its end: shows what is open, and writes down how far it came. */
import type { SpanId } from '../model/span.ts';
import type { EpochMicros } from '../model/time.ts';
import { openSpans, quietSessionSpans } from '../reconstruct/open-spans.ts';
import { stateToText } from '../reconstruct/state-text.ts';
import type { Checkpoint } from './checkpoint.ts';
import type { Io } from './io.ts';
import type { ReplayFlags } from './replay-flags.ts';
import { type Run, sendOpen } from './run.ts';
import { saveReport } from './saved-report.ts';
import { systemProblem } from './system-problem.ts';

export interface Follower {
  /** Called after each batch has been delivered; `silent` when the log has nothing more for now. */
  between(silent: boolean): Promise<void>;
  /** A pause, not an end: writes down what is open instead of closing it. */
  pause(interrupted: boolean): Promise<void>;
}

/** Nothing gains from writing more often. */
const LEAST_PAUSE_MILLIS = 250;
/** Writing takes at most this part of the time. */
const WRITING_SHARE = 0.01;
/** Waiting for answers takes at most this part of the time of a busy follower, unless they take very long. */
const WAITING_SHARE = 0.05;
const MOST_PAUSE_MILLIS = 10_000;

export function createFollower(
  run: Run,
  checkpoint: Checkpoint | undefined,
  flags: ReplayFlags,
  io: Io,
): Follower {
  const shown = new Map<SpanId, EpochMicros>();
  let openSentAt = performance.now();
  /** Lines taken in when last written; -1: nothing is known of what is written. */
  let linesWritten = -1;
  let mayWriteAt = 0;
  let mayWaitAt = 0;
  let undelivered = 0;
  let problem: string | undefined;

  const tell = (sentence: string) => {
    if (!flags.quiet) io.stderr.write(`hermes-otel: ${sentence}\n`);
  };

  /** Open spans that changed since they were last sent. */
  async function showOpen(): Promise<void> {
    openSentAt = performance.now();
    const open = openSpans(run.state);
    const changed = open.filter(({ spanId, endTime }) => shown.get(spanId) !== endTime);
    shown.clear();
    for (const { spanId, endTime } of open) shown.set(spanId, endTime);
    await sendOpen(run, changed);
  }

  /** How many more than at the last writing were lost for good, and are in no dead-letter file. */
  function newlyLost(): number {
    const accounts = run.destinations.accounts();
    const lost = accounts.reduce((sum, { failed, deadLettered }) => sum + failed - deadLettered, 0);
    const more = lost - undelivered;
    undelivered = lost;
    return more;
  }

  async function write(target: Checkpoint): Promise<void> {
    const waitFrom = performance.now();
    await run.destinations.settled();
    const writeFrom = performance.now();
    const lost = newlyLost();
    if (lost > 0) tell(`${lost} spans or points were not delivered, and following goes on: see the account.`);
    await attempt(target);
    const now = performance.now();
    linesWritten = run.report.lines;
    mayWriteAt = now + Math.max(LEAST_PAUSE_MILLIS, (now - writeFrom) / WRITING_SHARE);
    mayWaitAt = now + Math.min(MOST_PAUSE_MILLIS, (writeFrom - waitFrom) / WAITING_SHARE);
  }

  /** A full disk is no reason to stop: the checkpoint before is still there, and only more is sent again. */
  async function attempt(target: Checkpoint): Promise<void> {
    const { input, report, state, destinations } = run;
    const { positions = [] } = input.progress?.() ?? {};
    const meter = await destinations.meterState();
    try {
      await target.write({ positions, state: stateToText(state), meter, report: saveReport(report) });
      if (problem !== undefined) tell('the checkpoint is written again.');
      problem = undefined;
    } catch (error) {
      const said = systemProblem(error);
      if (said !== problem) tell(`the checkpoint could not be written: ${said}; the one before stays.`);
      problem = said;
    }
  }

  return {
    async between(silent) {
      const now = performance.now();
      if (flags.openSpans === 'send' && (silent || now - openSentAt >= flags.flushInterval)) await showOpen();
      if (checkpoint === undefined || linesWritten === run.report.lines) return;
      if (now >= mayWriteAt && (silent || now >= mayWaitAt)) await write(checkpoint);
    },
    async pause(interrupted) {
      await run.destinations.flush();
      const lost = newlyLost();
      if (lost > 0 && interrupted) {
        tell(`${lost} spans or points were not delivered in time: the next run sends them again.`);
      } else if (checkpoint !== undefined) await attempt(checkpoint);
      await sendOpen(run, flags.openSpans === 'send' ? openSpans(run.state) : quietSessionSpans(run.state));
    },
  };
}
