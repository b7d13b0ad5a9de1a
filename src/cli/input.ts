/** From the logs on the command line to parsed lines in order of time. */

import type { ByteSource } from '../input/byte-source.ts';
import type { FollowProgress } from '../input/follow.ts';
import { type MergeSource, mergeByTime } from '../input/merge.ts';
import { openSources } from '../input/open-sources.ts';
import { readLines } from '../input/read-lines.ts';
import { SILENCE, withSilence } from '../input/silence.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import { atTime, type InputLine, type ParsedLine } from '../model/line.ts';
import { type EpochMicros, epochMicros, shift } from '../model/time.ts';
import { parseLine } from '../parse/parse-line.ts';
import { CliError } from './cli-error.ts';
import type { Io } from './io.ts';
import type { ReplayFlags } from './replay-flags.ts';
import { addDiagnostic, type Report } from './report.ts';

export { SILENCE };

type InputFlags = Pick<ReplayFlags, 'captureContent' | 'assumeTimes'>;

/** What the input gives at a time. */
export type LineBatch = readonly ParsedLine[] | typeof SILENCE;

export interface Input {
  readonly lines: AsyncIterable<LineBatch>;
  /** True for input that may never end and is told as it comes: a pipe, a followed file. */
  readonly live: boolean;
  /** How far followed files are read with the last batch given; `undefined` when nothing is followed. */
  readonly progress: (() => FollowProgress) | undefined;
}

/** A live log that says nothing for so long has said all it had to say for now. */
export const SILENCE_MILLIS = 200;

/** Checks every log before it reads any. Throws a `CliError` that names the first one that cannot be read. */
export async function openInput(
  logs: readonly string[],
  flags: InputFlags,
  io: Io,
  signal: AbortSignal,
  report: Report,
  command = 'replay',
): Promise<Input> {
  const sources = await openLogs(logs, io, command);
  const assume = flags.assumeTimes ? assumedTimes() : undefined;
  const parsed = sources.map((source) =>
    parsedSource(source, flags.captureContent, { assume, signal, report }),
  );
  const lines = mergeByTime(parsed, timeOf);
  const live = sources.some((source) => !source.reopenable);
  return { lines: live ? withSilence(lines, SILENCE_MILLIS) : lines, live, progress: undefined };
}

/** The logs named, or standard input when none is; `command` is the one whose help a `CliError` points to. */
export async function openLogs(
  logs: readonly string[],
  io: Pick<Io, 'stdin'>,
  command: string,
): Promise<readonly ByteSource[]> {
  if (logs.length === 0 && io.stdin.isTTY) {
    throw new CliError(
      `No log was named: give a file, or pipe one in ("hermes-otel ${command} --help" shows how).`,
    );
  }
  const { sources, errors } = await openSources(logs.length === 0 ? ['-'] : logs, io.stdin);
  const [error] = errors;
  if (error !== undefined) throw new CliError(error.message);
  return sources;
}

interface Parsing {
  /** Gives a time to a line without one; `undefined`: such a line stays without. */
  readonly assume: ((line: ParsedLine) => ParsedLine) | undefined;
  readonly signal: AbortSignal;
  readonly report: Report;
}

function parsedSource(
  source: ByteSource,
  content: boolean,
  { assume, signal, report }: Parsing,
): MergeSource<ParsedLine> {
  const parse = (line: InputLine) => parseLine(line, { content });
  const take = assume === undefined ? parse : (line: InputLine) => assume(parse(line));
  const onDiagnostic = (diagnostic: Diagnostic) => addDiagnostic(report, diagnostic);
  async function* open(): AsyncGenerator<readonly ParsedLine[], void, undefined> {
    for await (const batch of readLines(source, { signal, onDiagnostic })) yield batch.map(take);
  }
  async function firstTime(): Promise<EpochMicros | undefined> {
    if (!source.reopenable) return undefined;
    for await (const batch of readLines(source, { signal, chunkBytes: PEEK_BYTES, onDiagnostic: () => {} })) {
      for (const line of batch) {
        const time = timeOf(parseLine(line, { content: false }));
        if (time !== undefined) return time;
      }
    }
    return undefined;
  }
  return { firstTime, open };
}

const PEEK_BYTES = 16 * 1024;

function timeOf(line: ParsedLine): EpochMicros | undefined {
  return line.kind === 'event' ? line.event.time : undefined;
}

/** Artificial times, a second apart, from a date that nobody takes for real; a line with a time of its own keeps it. */
export function assumedTimes(): (line: ParsedLine) => ParsedLine {
  let time = epochMicros(Date.UTC(2000, 0, 1) * 1000);
  return (line) => {
    if (line.kind !== 'untimed') return line;
    const event = atTime(line.event, time);
    time = shift(time, 1_000_000);
    return { kind: 'event', event, diagnostics: line.diagnostics };
  };
}
