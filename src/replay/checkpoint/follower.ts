/** What a follower does between two batches and at its end: it sends open spans, and writes checkpoints. */
import type { DeliveryAccount } from '../../model/sink.ts';
import type { AgentSpan, SpanId } from '../../model/span.ts';
import { systemProblem } from '../../model/system-error.ts';
import { stateToText } from '../../reconstruct/state-text.ts';
import { openSpans, quietSessionSpans } from '../../reconstruct/step.ts';
import { emitOpen, type Run } from '../emit.ts';
import { type LineBatch, SILENCE } from '../input.ts';
import { DEFAULT_OPEN_SPANS_MILLIS, type ReplayOptions } from '../options.ts';
import { accountedLines } from '../report.ts';
import { type Checkpoint, type SavedState, type Snapshot, saveReport } from './checkpoint.ts';
import type { JournalState } from './journal.ts';

export type Follower = ReturnType<typeof createFollower>;

export function createFollower(
  run: Run,
  checkpoint: Checkpoint | undefined,
  { follow, on }: Pick<ReplayOptions, 'follow' | 'on'>,
) {
  const { openSpans: open = 'withhold', openSpansEveryMillis = DEFAULT_OPEN_SPANS_MILLIS } = follow ?? {};
  const shown = new Map<SpanId, string>(checkpoint?.snapshot?.shown);
  const isShowing = open === 'send';
  let openSentAt = performance.now();
  const onNotice = on?.notice ?? (() => {});
  const newlyLost = lossCounter(run.destinations.accounts);
  const writer =
    checkpoint &&
    createWriter<Snapshot>(
      checkpoint,
      {
        // Changes with every line that is read or leaves the reorder window.
        stage: () => `${run.report.lines} ${accountedLines(run.report)}`,
        settled: run.destinations.settled,
        mayMoveOn() {
          const lost = newlyLost();
          if (lost > 0) {
            onNotice(`${lost} spans or points were not delivered, and following goes on: see the account.`);
          }
          return true;
        },
        async snapshot() {
          const { positions = [], yielded } = run.input.progress?.() ?? {};
          const destinations = await run.destinations.snapshot();
          const [state, report] = [stateToText(run.state, run.report.redaction), saveReport(run.report)];
          return {
            positions,
            yielded,
            state,
            destinations,
            measured: run.measured?.toText(),
            repeats: run.repeats.toText(),
            report,
            shown: [...shown],
          };
        },
      },
      onNotice,
    );
  const catchUp = createCatchUp(
    checkpoint?.journalState,
    () => run.report.lines,
    () => run.input.progress?.().lagBytes === 0,
  );

  /** Sends the spans that changed since they were sent last. */
  async function show(open: readonly AgentSpan[]): Promise<void> {
    openSentAt = performance.now();
    const changed = open.filter((span) => shown.get(span.spanId) !== versionOf(span));
    shown.clear();
    for (const span of open) shown.set(span.spanId, versionOf(span));
    await emitOpen(run, changed);
  }

  return {
    /** True while lines are read again that an earlier run has read. */
    isCatchingUp: catchUp.isOn,
    /** Called before the first batch. */
    async begin(): Promise<void> {
      // A journal belongs to a checkpoint, so there has to be one before anything is sent.
      if (checkpoint?.snapshot === undefined) await writer?.attempt();
    },
    /** Parts of a batch to ingest. After a restart they are those of the run before. Request one at a time. */
    *inOrder(batch: LineBatch): Generator<LineBatch, void, undefined> {
      for (const part of catchUp.parts(batch)) {
        if (part === SILENCE && run.state.waiting.length > run.state.waitingFrom) {
          checkpoint?.journal.note({ kind: 'silence', lines: run.report.lines });
        }
        yield part;
      }
    },
    /** Called after each batch was emitted; `silent` when the log has nothing more for now. */
    async between(silent: boolean): Promise<void> {
      if (catchUp.isOn()) return;
      const now = performance.now();
      if (isShowing && (silent || now - openSentAt >= openSpansEveryMillis)) await show(openSpans(run.state));
      if (writer?.isDue(now, silent)) await writer.write();
    },
    /** Called at the end, which is a pause: writes down what is open instead of closing it. */
    async pause(interrupted: boolean): Promise<void> {
      // During catch-up the checkpoint and journal of the run before are further on than this run.
      if (writer === undefined || catchUp.isOn()) return;
      await show(isShowing ? openSpans(run.state) : quietSessionSpans(run.state));
      await run.destinations.flush();
      const lost = newlyLost();
      if (lost === 0 || !interrupted) return await writer.attempt();
      onNotice(`${lost} spans or points were not delivered in time: the next run sends them again.`);
    },
  };
}

function versionOf({ endTime, incomplete }: AgentSpan): string {
  return `${endTime} ${incomplete ?? ''}`;
}

/**
 * After a restart the lines since the checkpoint are read again. Until the last of them everything happens as in the run
 * before: the log falls silent at the same lines, no open span is sent, no checkpoint is written.
 * @param linesSoFar number of lines read over all runs
 * @param nothingLeft true when everything that is written was read: if lines are still missing then, the log has lost them
 */
export function createCatchUp(
  earlier: JournalState | undefined,
  linesSoFar: () => number,
  nothingLeft: () => boolean,
) {
  const silences = [...(earlier?.silences ?? [])];
  let upTo = earlier?.upTo ?? 0;
  let begun = false;

  /** True while there are lines that an earlier run has read, as far as is known. */
  const isOn = () => silences.length > 0 || linesSoFar() < upTo;

  /** The parts in which the earlier run ingested a batch. Request one at a time. */
  function* parts(batch: LineBatch): Generator<LineBatch, void, undefined> {
    if (batch === SILENCE && begun && nothingLeft()) {
      upTo = 0;
      silences.length = 0;
    }
    if (!isOn()) {
      yield batch;
      return;
    }
    // Silences of this run mean nothing: its lines were written long ago.
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

  return { isOn, parts };
}

/** What checkpoints are written of. */
export interface Resumable<Saved> {
  /** Changes with everything that a new checkpoint would add. */
  stage(): string;
  /** Returns when everything has its outcome. */
  settled(): Promise<void>;
  snapshot(): Promise<Saved>;
  /** @returns false when the checkpoint before has to stay, so that the next run sends again what was lost. */
  mayMoveOn(): boolean;
}

/** Writes checkpoints, and reports when it cannot. */
export function createWriter<Saved extends SavedState>(
  checkpoint: Checkpoint<Saved>,
  { stage, settled, snapshot, mayMoveOn }: Resumable<Saved>,
  onNotice: (sentence: string) => void,
) {
  const pace = createPace();
  /** The stage of the last write; `undefined` before the first one. */
  let written: string | undefined;
  let problem: string | undefined;

  /** Writes without waiting. A full disk is no reason to stop: the checkpoint before and its journal are still there. */
  async function attempt(): Promise<void> {
    const now = await snapshot();
    try {
      await checkpoint.write(now);
      if (problem !== undefined) onNotice('the checkpoint is written again.');
      problem = undefined;
    } catch (error) {
      const reason = systemProblem(error);
      if (reason !== problem)
        onNotice(`the checkpoint could not be written: ${reason}; the one before stays.`);
      problem = reason;
    }
  }

  return {
    attempt,
    /** @param silent the log has nothing more for now */
    isDue: (now: number, silent: boolean): boolean =>
      checkpoint.isUrgent() ? pace.mayHurry(now) : pace.isDue(now, silent) && written !== stage(),
    /** Waits until everything has its outcome, then writes. */
    async write(): Promise<void> {
      const waitedFrom = performance.now();
      await settled();
      const writtenFrom = performance.now();
      if (mayMoveOn()) await attempt();
      written = stage();
      pace.note(waitedFrom, writtenFrom, performance.now());
    },
  };
}

/** Counts what was lost for good, and is not in a dead-letter file, since the call before. */
export function lossCounter(accounts: () => readonly DeliveryAccount[]): () => number {
  let before = 0;
  return () => {
    const lost = accounts().reduce((sum, { failed, deadLettered }) => sum + failed - deadLettered, 0);
    const more = lost - before;
    before = lost;
    return more;
  };
}

/** A shorter pause gains nothing. */
const LEAST_PAUSE_MILLIS = 250;
/** Share of the time for writing. Together with the journal it stays below 1 % at any pace at which logs are written. */
const WRITING_SHARE = 0.004;
/** Share on a slow disk. */
const MOST_WRITING_SHARE = 0.01;
const LONG_PAUSE_MILLIS = 30_000;
/** Share of the time of a busy follower for waiting for answers, unless they take very long. */
const WAITING_SHARE = 0.05;
const MOST_WAIT_PAUSE_MILLIS = 10_000;

/** How often a checkpoint is written: often enough to read little again after a crash, seldom enough to cost nothing. */
export function createPace() {
  let mayWriteAt = 0;
  let mayWaitAt = 0;
  let mayHurryAt = 0;
  return {
    /** A checkpoint was written: since when it waited for answers, since when it wrote, and now, all on one clock. */
    note(waitedFrom: number, writtenFrom: number, now: number): void {
      const writing = now - writtenFrom;
      const most = Math.max(LONG_PAUSE_MILLIS, writing / MOST_WRITING_SHARE);
      mayHurryAt = now + Math.max(LEAST_PAUSE_MILLIS, now - waitedFrom);
      mayWriteAt = now + Math.max(LEAST_PAUSE_MILLIS, Math.min(most, writing / WRITING_SHARE));
      mayWaitAt = now + Math.min(MOST_WAIT_PAUSE_MILLIS, (writtenFrom - waitedFrom) / WAITING_SHARE);
    },
    /** @param silent nothing is to be read: then waiting costs nothing */
    isDue: (now: number, silent: boolean) => now >= mayWriteAt && (silent || now >= mayWaitAt),
    /** True when an urgent checkpoint may be written. */
    mayHurry: (now: number) => now >= mayHurryAt,
  };
}
