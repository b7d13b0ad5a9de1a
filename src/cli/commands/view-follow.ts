/** `view --follow`: a screen that is drawn anew as a log grows, or plain lines when standard output is no terminal. */
import { epochMicros } from '../../model/time.ts';
import type { Followed } from '../../replay/spans.ts';
import { pageFor } from '../colors.ts';
import { endOfReading } from '../exit-code.ts';
import { findLogs } from '../find-logs.ts';
import { watchInterrupts } from '../interrupts.ts';
import type { Io } from '../io.ts';
import { logsOf, type SpanFlags, spanOptions } from '../to-options.ts';
import { writeTo } from '../write-to.ts';

type FollowFlags = SpanFlags & { readonly color: boolean | undefined };

/** Shows what is appended to the logs until it is interrupted. The exit code. */
export async function followView(logs: readonly string[], flags: FollowFlags, io: Io): Promise<number> {
  const found = logsOf(await findLogs(logs, { ...flags, follow: true }, io, 'view'), io, 'view');
  const interrupt = watchInterrupts(io);
  const { followSpans } = await import('../../replay/spans.ts');
  const show = io.stdout.isTTY ? await screenOn(io, flags) : await linesOn(io, flags);
  const options = {
    ...spanOptions(flags),
    signal: interrupt.signal,
    on: { notice: (sentence: string) => show.notice(sentence) },
  };
  const followed = followSpans(found, options);
  try {
    for await (const batch of followed.batches) await show.batch(batch);
  } finally {
    await show.end();
    interrupt.stop();
  }
  return endOfReading({ report: followed.report(), live: true }, interrupt, io);
}

interface Show {
  batch(batch: Followed): Promise<void>;
  notice(sentence: string): void;
  end(): Promise<void>;
}

/** Millis between frames while a log is read that is there already. */
const FRAME_MILLIS = 200;

/** Of a terminal that does not say its height. */
const DEFAULT_ROWS = 24;

/** The alternate screen without a cursor, and back. */
const SCREEN = { enter: '\u001b[?1049h\u001b[?25l', leave: '\u001b[?25h\u001b[?1049l' } as const;

async function screenOn(io: Io, flags: FollowFlags): Promise<Show> {
  const { addFinished, createLiveScreen, renderFrame } = await import('../../view/live-screen.ts');
  const write = writeTo(io.stdout);
  const screen = createLiveScreen();
  const notices: string[] = [];
  let open: Followed['open'] = () => [];
  let due = 0;
  const frame = async (): Promise<readonly string[]> => {
    const moment = {
      open: open(),
      now: epochMicros(Date.now() * 1000),
      rows: (io.stdout.rows ?? DEFAULT_ROWS) - 1,
      notice: notices.at(-1) ?? '',
    };
    return renderFrame(await pageFor(io, flags.color), screen, moment);
  };
  await write(SCREEN.enter);
  return {
    async batch(batch) {
      addFinished(screen, batch.finished);
      open = batch.open;
      if (Date.now() < due) return;
      due = Date.now() + FRAME_MILLIS;
      const lines = await frame();
      // Each line is overwritten in place and then cleared, so that nothing flickers.
      await write(`\u001b[H${lines.map((line) => `${line}\u001b[K\n`).join('')}\u001b[J`);
    },
    notice: (sentence) => {
      notices.push(sentence);
    },
    // The last frame stays on the screen.
    async end() {
      const lines = await frame();
      await write(SCREEN.leave + lines.map((line) => `${line}\n`).join(''));
      for (const sentence of notices) io.stderr.write(`hermes-otel: ${sentence}\n`);
    },
  };
}

/** Turns as they finish, as the exporter `console` prints them. */
async function linesOn(io: Io, flags: FollowFlags): Promise<Show> {
  const { consoleSink } = await import('../../view/console-sink.ts');
  const page = await pageFor(io, flags.color);
  const sink = consoleSink({ ...page, write: writeTo(io.stdout), traces: true, metrics: true });
  return {
    batch: ({ finished }) => sink.write(finished),
    notice: (sentence) => {
      io.stderr.write(`hermes-otel: ${sentence}\n`);
    },
    end: async () => {
      await sink.finish();
    },
  };
}
