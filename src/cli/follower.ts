/** What a follower does between two batches and at its end: shows what is open, and writes down how far it came. */
import type { AgentSpan, SpanId } from '../model/span.ts';
import { openSpans, quietSessionSpans } from '../reconstruct/open-spans.ts';
import { stateToText } from '../reconstruct/state-text.ts';
import { createCatchUp } from './catch-up.ts';
import type { Checkpoint } from './checkpoint.ts';
import { createPace } from './checkpoint-pace.ts';
import { type LineBatch, SILENCE } from './input.ts';
import type { Io } from './io.ts';
import type { ReplayFlags } from './replay-flags.ts';
import { accountedLines } from './report.ts';
import { type Run, sendOpen } from './run.ts';
import { saveReport } from './saved-report.ts';
import { systemProblem } from './system-problem.ts';

export interface Follower {
  /** Called before the first batch. */
  begin(): Promise<void>;
  /** A batch as it is to be taken in: after a restart, as the run before took it in. To be asked for one by one. */
  inOrder(batch: LineBatch): Iterable<LineBatch>;
  /** Called after each batch has been delivered; `silent` when the log has nothing more for now. */
  between(silent: boolean): Promise<void>;
  /** True while lines are read again that an earlier run has read. */
  isCatchingUp(): boolean;
  /** A pause, not an end: writes down what is open instead of closing it. */
  pause(interrupted: boolean): Promise<void>;
}

export function createFollower(
  run: Run,
  checkpoint: Checkpoint | undefined,
  flags: ReplayFlags,
  io: Io,
): Follower {
  const shown = new Map<SpanId, string>(checkpoint?.found?.shown);
  const isShowing = flags.openSpans === 'send';
  let openSentAt = performance.now();
  /** What the last writing held; `undefined` before the first one. */
  let written: string | undefined;
  const pace = createPace();
  let undelivered = 0;
  let problem: string | undefined;
  const catchUp = createCatchUp(
    checkpoint?.earlier,
    () => run.report.lines,
    () => run.input.progress?.().lagBytes === 0,
  );

  const tell = (sentence: string) => {
    if (!flags.quiet) io.stderr.write(`hermes-otel: ${sentence}\n`);
  };

  /** Moves with every line that is read, or let go by the reorder window. */
  const stage = () => `${run.report.lines} ${accountedLines(run.report)}`;

  /** Sends those that changed since they were last sent. */
  async function show(open: readonly AgentSpan[]): Promise<void> {
    openSentAt = performance.now();
    const changed = open.filter((span) => shown.get(span.spanId) !== versionOf(span));
    shown.clear();
    for (const span of open) shown.set(span.spanId, versionOf(span));
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
    const waitedFrom = performance.now();
    await run.destinations.settled();
    const writtenFrom = performance.now();
    const lost = newlyLost();
    if (lost > 0) tell(`${lost} spans or points were not delivered, and following goes on: see the account.`);
    await attempt(target);
    written = stage();
    pace.note(waitedFrom, writtenFrom, performance.now(), target.notedMillis());
  }

  /** A full disk is no reason to stop: the checkpoint before is still there, and so is what was noted since. */
  async function attempt(target: Checkpoint): Promise<void> {
    const { input, state, destinations } = run;
    const { positions = [] } = input.progress?.() ?? {};
    const carried = await destinations.carried();
    const report = saveReport(run.report);
    try {
      await target.write({ positions, state: stateToText(state), carried, report, shown: [...shown] });
      if (problem !== undefined) tell('the checkpoint is written again.');
      problem = undefined;
    } catch (error) {
      const said = systemProblem(error);
      if (said !== problem) tell(`the checkpoint could not be written: ${said}; the one before stays.`);
      problem = said;
    }
  }

  return {
    isCatchingUp: catchUp.isOn,
    async begin() {
      // What is noted belongs to a checkpoint: there has to be one before anything is sent.
      if (checkpoint !== undefined && checkpoint.found === undefined) await attempt(checkpoint);
    },
    *inOrder(batch) {
      for (const part of catchUp.parts(batch)) {
        if (part === SILENCE && run.state.waiting.length > run.state.waitingFrom) {
          checkpoint?.note({ kind: 'silence', lines: run.report.lines });
        }
        yield part;
      }
    },
    async between(silent) {
      if (catchUp.isOn()) return;
      const now = performance.now();
      if (isShowing && (silent || now - openSentAt >= flags.flushInterval)) await show(openSpans(run.state));
      if (checkpoint === undefined || written === stage()) return;
      if (pace.isDue(now, silent)) await write(checkpoint);
    },
    async pause(interrupted) {
      // The checkpoint before stays, with all that was noted since: it is further on than this run.
      if (checkpoint === undefined || catchUp.isOn()) return;
      await show(isShowing ? openSpans(run.state) : quietSessionSpans(run.state));
      await run.destinations.flush();
      const lost = newlyLost();
      if (lost > 0 && interrupted) {
        tell(`${lost} spans or points were not delivered in time: the next run sends them again.`);
      } else await attempt(checkpoint);
    },
  };
}

function versionOf({ endTime, incomplete }: AgentSpan): string {
  return `${endTime} ${incomplete ?? ''}`;
}
