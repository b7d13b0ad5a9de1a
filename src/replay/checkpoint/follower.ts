/** What a follower does between two batches and at its end: shows what is open, and writes down how far it came. */

import type { AgentSpan, SpanId } from '../../model/span.ts';
import { stateToText } from '../../reconstruct/state-text.ts';
import { openSpans, quietSessionSpans } from '../../reconstruct/step.ts';
import { emitOpen } from '../emit.ts';
import { type LineBatch, SILENCE } from '../input.ts';
import { DEFAULT_OPEN_SPANS_MILLIS, type ReplayOptions } from '../options.ts';
import { accountedLines } from '../report.ts';
import type { Run } from '../run.ts';
import { systemProblem } from '../system-problem.ts';
import { type Checkpoint, saveReport } from './checkpoint.ts';
import type { Earlier } from './journal.ts';

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
  { follow, on }: Pick<ReplayOptions, 'follow' | 'on'>,
): Follower {
  const { openSpans: open = 'withhold', openSpansEveryMillis = DEFAULT_OPEN_SPANS_MILLIS } = follow ?? {};
  const shown = new Map<SpanId, string>(checkpoint?.found?.shown);
  const isShowing = open === 'send';
  let openSentAt = performance.now();
  const writer = checkpoint && createWriter(run, checkpoint, shown, on?.notice ?? (() => {}));
  const catchUp = createCatchUp(
    checkpoint?.earlier,
    () => run.report.lines,
    () => run.input.progress?.().lagBytes === 0,
  );

  /** Sends those that changed since they were last sent. */
  async function show(open: readonly AgentSpan[]): Promise<void> {
    openSentAt = performance.now();
    const changed = open.filter((span) => shown.get(span.spanId) !== versionOf(span));
    shown.clear();
    for (const span of open) shown.set(span.spanId, versionOf(span));
    await emitOpen(run, changed);
  }

  return {
    isCatchingUp: catchUp.isOn,
    async begin() {
      // What is noted belongs to a checkpoint: there has to be one before anything is sent.
      if (checkpoint?.found === undefined) await writer?.attempt();
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
      if (isShowing && (silent || now - openSentAt >= openSpansEveryMillis)) await show(openSpans(run.state));
      if (writer?.isDue(now, silent)) await writer.write();
    },
    async pause(interrupted) {
      // The checkpoint before stays, with all that was noted since: it is further on than this run.
      if (writer === undefined || catchUp.isOn()) return;
      await show(isShowing ? openSpans(run.state) : quietSessionSpans(run.state));
      await run.destinations.flush();
      await writer.writeLast(interrupted);
    },
  };
}

function versionOf({ endTime, incomplete }: AgentSpan): string {
  return `${endTime} ${incomplete ?? ''}`;
}

/**
 * After a restart the lines since the checkpoint are read again. Until the last of them is, everything goes as it went
 * in the run before: the log falls silent where it did then, nothing open is shown, no checkpoint is written.
 */
export interface CatchUp {
  /** True while there are lines that an earlier run has read, as far as is known. */
  isOn(): boolean;
  /** A batch as it came to the earlier run: what is to be taken in, in order. To be asked for one by one. */
  parts(batch: LineBatch): Generator<LineBatch, void, undefined>;
}

/**
 * @param linesSoFar read, over all runs
 * @param nothingLeft true when all that is written was read: then the log has lost lines, and there is no more to come
 */
export function createCatchUp(
  earlier: Earlier | undefined,
  linesSoFar: () => number,
  nothingLeft: () => boolean,
): CatchUp {
  const silences = [...(earlier?.silences ?? [])];
  let upTo = earlier?.upTo ?? 0;
  let begun = false;

  const isOn = () => silences.length > 0 || linesSoFar() < upTo;

  function* parts(batch: LineBatch): Generator<LineBatch, void, undefined> {
    if (batch === SILENCE && begun && nothingLeft()) giveUp();
    if (!isOn()) {
      yield batch;
      return;
    }
    // This run's own pauses say nothing: what it reads was written long ago.
    let rest = batch === SILENCE ? [] : batch;
    begun ||= rest.length > 0;
    for (let next = silences[0]; next !== undefined; next = silences[0]) {
      const lines = Math.max(0, next - linesSoFar());
      if (lines > rest.length) break;
      yield rest.slice(0, lines);
      yield SILENCE;
      silences.shift();
      rest = rest.slice(lines);
    }
    yield rest;
  }

  function giveUp(): void {
    upTo = 0;
    silences.length = 0;
  }

  return { isOn, parts };
}

/** When a checkpoint is written, and what is told when it cannot be. */
export interface CheckpointWriter {
  /** @param silent the log has nothing more for now */
  isDue(now: number, silent: boolean): boolean;
  /** Waits until everything has its outcome, and writes. */
  write(): Promise<void>;
  /** Writes as everything stands. A full disk is no reason to stop: the one before is still there, and its journal too. */
  attempt(): Promise<void>;
  /** When everything has its outcome, and the run is over. What was not delivered in time is for the next run to send. */
  writeLast(interrupted: boolean): Promise<void>;
}

export function createWriter(
  run: Run,
  checkpoint: Checkpoint,
  shown: ReadonlyMap<SpanId, string>,
  tell: (sentence: string) => void,
): CheckpointWriter {
  const pace = createPace();
  /** What the last writing held; `undefined` before the first one. */
  let written: string | undefined;
  let undelivered = 0;
  let problem: string | undefined;

  /** Moves with every line that is read, or let go by the reorder window. */
  const stage = () => `${run.report.lines} ${accountedLines(run.report)}`;

  /** How many more than at the last writing were lost for good, and are in no dead-letter file. */
  function newlyLost(): number {
    const accounts = run.destinations.accounts();
    const lost = accounts.reduce((sum, { failed, deadLettered }) => sum + failed - deadLettered, 0);
    const more = lost - undelivered;
    undelivered = lost;
    return more;
  }

  async function attempt(): Promise<void> {
    const { input, state, destinations } = run;
    const { positions = [] } = input.progress?.() ?? {};
    const snapshot = await destinations.snapshot();
    const report = saveReport(run.report);
    try {
      await checkpoint.write({ positions, state: stateToText(state), snapshot, report, shown: [...shown] });
      if (problem !== undefined) tell('the checkpoint is written again.');
      problem = undefined;
    } catch (error) {
      const said = systemProblem(error);
      if (said !== problem) tell(`the checkpoint could not be written: ${said}; the one before stays.`);
      problem = said;
    }
  }

  return {
    attempt,
    isDue: (now, silent) => pace.isDue(now, silent) && written !== stage(),
    async write() {
      const waitedFrom = performance.now();
      await run.destinations.settled();
      const writtenFrom = performance.now();
      const lost = newlyLost();
      if (lost > 0) {
        tell(`${lost} spans or points were not delivered, and following goes on: see the account.`);
      }
      await attempt();
      written = stage();
      pace.note(waitedFrom, writtenFrom, performance.now());
    },
    async writeLast(interrupted) {
      const lost = newlyLost();
      if (lost === 0 || !interrupted) return await attempt();
      tell(`${lost} spans or points were not delivered in time: the next run sends them again.`);
    },
  };
}

/** How often a checkpoint is written: often enough to read little again after a crash, seldom enough to cost nothing. */

export interface Pace {
  /** What was under way was waited for, then the checkpoint was written, until now: all on one clock. */
  note(waitedFrom: number, writtenFrom: number, now: number): void;
  /** @param silent nothing is to be read: then waiting costs nothing. */
  isDue(now: number, silent: boolean): boolean;
}

/** Nothing gains from writing more often. */
const LEAST_PAUSE_MILLIS = 250;
/** Writing takes so much of the time: with the journal beside it, it stays below a hundredth at any pace at which logs are written. */
const WRITING_SHARE = 0.004;
/** A slow disk may have all of it: what was read since is read again after a crash. */
const MOST_WRITING_SHARE = 0.01;
const LONG_PAUSE_MILLIS = 30_000;
/** Waiting for answers takes at most this part of the time of a busy follower, unless they take very long. */
const WAITING_SHARE = 0.05;
const MOST_WAIT_PAUSE_MILLIS = 10_000;

export function createPace(): Pace {
  let mayWriteAt = 0;
  let mayWaitAt = 0;
  return {
    note(waitedFrom, writtenFrom, now) {
      const writing = now - writtenFrom;
      const most = Math.max(LONG_PAUSE_MILLIS, writing / MOST_WRITING_SHARE);
      mayWriteAt = now + Math.max(LEAST_PAUSE_MILLIS, Math.min(most, writing / WRITING_SHARE));
      mayWaitAt = now + Math.min(MOST_WAIT_PAUSE_MILLIS, (writtenFrom - waitedFrom) / WAITING_SHARE);
    },
    isDue: (now, silent) => now >= mayWriteAt && (silent || now >= mayWaitAt),
  };
}
