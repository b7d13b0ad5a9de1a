/** From followed files to parsed lines, as they are appended. */
import { plainText } from '../export/outside-text.ts';
import { isDatabase, specialFile } from '../input/find-files.ts';
import { type FollowProgress, followLines } from '../input/follow.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import type { ParsedLine } from '../model/line.ts';
import { createLocalTimes, placeHeld, placeLines } from '../parse/local-time.ts';
import { followDatabases } from './follow-database.ts';
import {
  type FollowedProgress,
  type Input,
  type LineBatch,
  lineParser,
  parseLines,
  type Reading,
  SILENCE,
  SILENCE_MILLIS,
  shortenOf,
  withSilence,
  zoneOf,
} from './input.ts';
import type { Log, ReplayOptions } from './options.ts';
import { ReplayError } from './replay-error.ts';
import { addDiagnostic } from './report.ts';

/** Follows `logs` from `start` on, or from their beginnings. Silence is yielded for as long as it lasts. */
export function openFollowed(
  logs: readonly Log[],
  { options, report }: FollowReading,
  start: Omit<FollowedProgress, 'lagBytes'> | undefined,
): Input {
  const { follow, on, signal } = options;
  const paths = logs.map((log) => {
    if (typeof log === 'string') return log;
    throw new ReplayError(
      'invalid-option',
      'Only files and directories can be followed: a stream is read as it comes anyway.',
    );
  });
  const parse = lineParser(options);
  const learnt = start?.positions.find(
    (position) => position.localOffsetMicros !== undefined,
  )?.localOffsetMicros;
  const times = createLocalTimes(zoneOf(options), learnt);
  const onDiagnostic = (diagnostic: Diagnostic) => {
    addDiagnostic(report, diagnostic);
    on?.notice?.(sentenceOf(diagnostic));
  };
  const warnOfForeign = foreignLogWarning((sentence) => on?.notice?.(sentence));
  async function* parsedBatches(): AsyncGenerator<ParsedBatch, void, undefined> {
    const pollMillis = follow?.pollMillis && Math.max(1, follow.pollMillis);
    on?.notice?.(
      `Following ${paths.join(', ')} from ${start === undefined ? 'the beginning' : 'where the last run stopped'}.`,
    );
    if (await areDatabases(paths)) {
      const { captureContent: content = false } = options;
      const reading = { content, known: new Map(), kept: new Map(), onDiagnostic };
      const batches = followDatabases(paths, reading, { pollMillis, signal, start: start?.yielded });
      return yield* parsedRows(batches, parse);
    }
    for (const path of paths) await refuseSpecial(path);
    const following = {
      pollMillis,
      signal,
      start: start?.positions,
      onDiagnostic,
      shorten: shortenOf(options),
    };
    for await (const batch of followLines(paths, following)) {
      // Read before the next batch is requested, because it moves on with that batch.
      const parsed = parseLines(batch.lines, parse);
      warnOfForeign(parsed);
      const placed = placeLines(times, parsed);
      // Holds nothing between batches: a checkpoint means that all lines before it were ingested.
      const lines = [...placed, ...placeHeld(times)];
      yield { lines, progress: withOffset(batch.progress(), times.learnt) };
    }
  }
  const yielded = start?.yielded;
  let given: FollowedProgress = {
    positions: start?.positions ?? [],
    yielded,
    lagBytes: yielded === undefined ? 0 : UNKNOWN_LAG_BYTES,
  };
  async function* givenBatches(): AsyncGenerator<LineBatch, void, undefined> {
    for await (const batch of withSilence(parsedBatches(), SILENCE_MILLIS)) {
      // Set only now: during a silence the next batch may already be read but not yet yielded.
      if (batch !== SILENCE) given = batch.progress;
      yield batch === SILENCE ? SILENCE : batch.lines;
    }
  }
  return { lines: givenBatches(), live: true, progress: () => given, close: async () => {} };
}

async function* parsedRows(
  batches: ReturnType<typeof followDatabases>,
  parse: ReturnType<typeof lineParser>,
): AsyncGenerator<ParsedBatch, void, undefined> {
  for await (const { lines, yielded, isWhole } of batches) {
    const progress = { positions: [], yielded, lagBytes: isWhole ? 0 : UNKNOWN_LAG_BYTES };
    yield { lines: parseLines(lines, parse), progress };
  }
}

/** Of a database while it is read. How much is left is unknown, but not nothing. */
const UNKNOWN_LAG_BYTES = 1;

/** Reports once when the first lines are no events: it may be the wrong file. */
function foreignLogWarning(notice: (sentence: string) => void): (lines: readonly ParsedLine[]) => void {
  let decided = false;
  return (lines) => {
    const said = lines.filter(({ kind }) => kind !== 'blank');
    if (decided || said.length === 0) return;
    decided = true;
    if (said.every(({ kind }) => kind === 'malformed' || kind === 'unknown')) {
      notice(
        'The first lines are no hook events: is it a log of Hermes hooks? "hermes-otel init" sets up recording one.',
      );
    }
  };
}

/** Throws a `ReplayError` when only some of the logs are. */
async function areDatabases(paths: readonly string[]): Promise<boolean> {
  const are = await Promise.all(paths.map(isDatabase));
  if (!are.includes(true)) return false;
  if (!are.includes(false)) return true;
  throw new ReplayError(
    'invalid-option',
    'A database and the log of a recorder have the same sessions: follow one of them.',
  );
}

/** A pipe or a device does not grow, so following it would wait forever. */
async function refuseSpecial(path: string): Promise<void> {
  const kind = await specialFile(path);
  if (kind === undefined) return;
  throw new ReplayError(
    'unreadable-log',
    `${JSON.stringify(path)} is ${kind} and cannot be followed. It is read as it comes without --follow.`,
  );
}

type FollowReading = Reading & { readonly options: Pick<ReplayOptions, 'follow' | 'on'> };

interface ParsedBatch {
  readonly lines: readonly ParsedLine[];
  readonly progress: FollowedProgress;
}

/** All recorders of followed files run on this machine, so they share one offset, which the next run needs from its start. */
function withOffset(
  { positions, lagBytes }: FollowProgress,
  localOffsetMicros: number | undefined,
): FollowProgress {
  if (localOffsetMicros === undefined) return { positions, lagBytes };
  return { positions: positions.map((position) => ({ ...position, localOffsetMicros })), lagBytes };
}

/** A follower runs for weeks, so a missing file is reported at once, not only in the summary. */
function sentenceOf({ at, message }: Diagnostic): string {
  return at === undefined ? message : `${plainText(at.source, 300)} ${message}`;
}
