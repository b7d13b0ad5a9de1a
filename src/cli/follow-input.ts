/** From followed files to parsed lines, as they are appended. */
import { plainText } from '../export/plain-text.ts';
import { type FollowProgress, followLines } from '../input/follow.ts';
import type { FollowPosition } from '../input/followed-file.ts';
import { SILENCE, withSilence } from '../input/silence.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import type { ParsedLine } from '../model/line.ts';
import { parseLine } from '../parse/parse-line.ts';
import { CliError } from './cli-error.ts';
import { assumedTimes, type Input, type LineBatch, SILENCE_MILLIS } from './input.ts';
import type { Io } from './io.ts';
import type { ReplayFlags } from './replay-flags.ts';
import { addDiagnostic, type Report } from './report.ts';

/** Follows `logs` from `start` on, or from their beginnings. Silence is told as long as it lasts. */
export function openFollowed(
  logs: readonly string[],
  flags: ReplayFlags,
  io: Io,
  signal: AbortSignal,
  report: Report,
  start: readonly FollowPosition[] | undefined,
): Input {
  if (logs.length === 0 || logs.includes('-')) {
    throw new CliError('--follow wants the names of files or directories: a pipe is followed anyway.');
  }
  if (flags.exporter.includes('openmetrics')) {
    throw new CliError(
      '-e openmetrics writes at the end of a log, and a followed one has none: use -e otlp.',
    );
  }
  const assume = flags.assumeTimes ? assumedTimes() : undefined;
  const toParsed = (line: Parameters<typeof parseLine>[0]) => {
    const parsed = parseLine(line, { content: flags.captureContent });
    return assume === undefined ? parsed : assume(parsed);
  };
  const onDiagnostic = (diagnostic: Diagnostic) => {
    addDiagnostic(report, diagnostic);
    if (!flags.quiet) io.stderr.write(`hermes-otel: ${sentenceOf(diagnostic)}\n`);
  };
  async function* parsedBatches(): AsyncGenerator<ParsedBatch, void, undefined> {
    const options = { pollMillis: Math.max(1, flags.pollInterval), signal, start, onDiagnostic };
    for await (const batch of followLines(logs, options)) {
      // Before the next batch is asked for: then it is further on.
      yield { lines: batch.lines.map(toParsed), progress: batch.progress() };
    }
  }
  let given: FollowProgress = { positions: start ?? [], lagBytes: 0 };
  async function* givenBatches(): AsyncGenerator<LineBatch, void, undefined> {
    for await (const batch of withSilence(parsedBatches(), SILENCE_MILLIS)) {
      // Only now: while a silence is heard out, the next batch may be read already, and nobody has it.
      if (batch !== SILENCE) given = batch.progress;
      yield batch === SILENCE ? SILENCE : batch.lines;
    }
  }
  return { lines: givenBatches(), live: true, progress: () => given };
}

interface ParsedBatch {
  readonly lines: readonly ParsedLine[];
  readonly progress: FollowProgress;
}

/** Whoever watches a follower wants to know at once that a file is gone, not weeks later in the summary. */
function sentenceOf({ at, message }: Diagnostic): string {
  return at === undefined ? message : `${plainText(at.source, 300)} ${message}`;
}
