/** What a follower does between two batches and at its end: shows what is open, and writes down how far it came. */
import type { AgentSpan, SpanId } from '../../model/span.ts';
import { openSpans, quietSessionSpans } from '../../reconstruct/open-spans.ts';
import { type LineBatch, SILENCE } from '../input.ts';
import type { Io } from '../io.ts';
import type { ReplayFlags } from '../replay-flags.ts';
import { type Run, sendOpen } from '../run.ts';
import { createCatchUp } from './catch-up.ts';
import type { Checkpoint } from './checkpoint.ts';
import { createWriter } from './checkpoint-writer.ts';

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
  const tell = (sentence: string) => {
    if (!flags.quiet) io.stderr.write(`hermes-otel: ${sentence}\n`);
  };
  const writer = checkpoint && createWriter(run, checkpoint, shown, tell);
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
    await sendOpen(run, changed);
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
      if (isShowing && (silent || now - openSentAt >= flags.flushInterval)) await show(openSpans(run.state));
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
