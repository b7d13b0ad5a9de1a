/** Opens the logs and turns their lines into parsed lines, in order of time. */
import { type KnownSessions, noteEvent } from '../database/known.ts';
import type { ByteSource } from '../input/byte-source.ts';
import { isDatabase } from '../input/find-files.ts';
import type { FollowProgress } from '../input/follow.ts';
import { type Batches, type MergeSource, mergeByTime } from '../input/merge.ts';
import { InputError, openSources } from '../input/open-sources.ts';
import { type ReadLinesOptions, readLines, type Shorten } from '../input/read-lines.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import { atTime, type InputLine, type ParsedLine } from '../model/line.ts';
import { type EpochMicros, epochMicros, shift } from '../model/time.ts';
import { createLocalTimes, placeHeld, placeLines, type ZoneOffset, zoneOffset } from '../parse/local-time.ts';
import { parseLine, splitLine } from '../parse/parse-line.ts';
import { skipContent } from '../parse/skip-content.ts';
import type { OpenedDatabase } from './database.ts';
import type { Incremental } from './incremental.ts';
import type { Log, Logs, ReplayOptions } from './options.ts';
import { ReplayError } from './replay-error.ts';
import { addDiagnostic, type Report } from './report.ts';

/** What the input yields at a time. */
export type LineBatch = readonly ParsedLine[] | typeof SILENCE;

export interface Input {
  readonly lines: AsyncIterable<LineBatch>;
  /** True for input that may never end and is read as it comes: a pipe, a followed file. */
  readonly live: boolean;
  /** How far followed files are read with the last batch; `undefined` when nothing is followed. */
  readonly progress: (() => FollowedProgress) | undefined;
  /** Closes what is open already, for a run that ends before it reads. The end of `lines` does the same. */
  close(): Promise<void>;
}

/** How far followed logs are read. Without `lagBytes` it is what a checkpoint keeps of it. */
export interface FollowedProgress extends FollowProgress {
  /** The digests of the lines of databases that were read; `undefined` for files. */
  readonly yielded?: string | undefined;
}

/** After this much silence of a live log the reorder window is flushed. */
export const SILENCE_MILLIS = 200;

/** Which part of the options concerns reading, and where odd lines are counted. */
export interface Reading {
  readonly options: Pick<
    ReplayOptions,
    'agentLogs' | 'captureContent' | 'assumeTimes' | 'signal' | 'timeZone'
  >;
  readonly report: Report;
  /** Which sessions of databases are due, and what was counted of them. */
  readonly incremental?: Pick<Incremental, 'kept' | 'onRead' | 'select'> | undefined;
}

/** Checks every log before it reads any. Throws a `ReplayError` that names the first one that cannot be read. */
export async function openInput(logs: readonly Log[], reading: Reading): Promise<Input> {
  const { sources, live, close } = await openLines(logs, reading, shortenOf(reading.options));
  const parse = lineParser(reading.options);
  const zone = zoneOf(reading.options);
  const lines = closing(
    mergeByTime(
      sources.map((source) => parsedSource(source, parse, zone)),
      timeOf,
    ),
    close,
  );
  return { lines: live ? withSilence(lines, SILENCE_MILLIS) : lines, live, progress: undefined, close };
}

async function* closing<T>(
  batches: AsyncGenerator<T, void, undefined>,
  close: () => Promise<void>,
): AsyncGenerator<T, void, undefined> {
  try {
    yield* batches;
  } finally {
    await close();
  }
}

export interface OpenedLines {
  /** One for each hook log, and one for each session of a database. */
  readonly sources: readonly MergeSource<InputLine>[];
  readonly live: boolean;
  close(): Promise<void>;
}

/** Long lines are decoded without content that is not kept anyway. */
export function shortenOf({ captureContent }: Reading['options']): Shorten | undefined {
  return captureContent === true ? undefined : skipContent();
}

/**
 * The logs as sources of lines, whatever they are, whole unless they are to be shortened. Throws a `ReplayError` for the
 * first one that cannot be read.
 */
export async function openLines(
  logs: readonly Log[],
  reading: Reading,
  shorten?: Shorten,
): Promise<OpenedLines> {
  const paths = logs.filter((log) => typeof log === 'string');
  const databases = await filterAsync(paths, isDatabase);
  const hookLogs = await openLogs(logs.filter((log) => !databases.some((path) => path === log)));
  const onDiagnostic = (diagnostic: Diagnostic) => addDiagnostic(reading.report, diagnostic);
  const known = databases.length === 0 ? new Map() : await knownSessions(hookLogs);
  const { agentLogs, captureContent: content = false, signal } = reading.options;
  const { kept = new Map(), onRead, select } = reading.incremental ?? {};
  const from = { agentLogs, content, signal, known, kept, onRead, onDiagnostic };
  const opened: OpenedDatabase[] = [];
  const close = async () => {
    for (const database of opened) await database.close();
  };
  try {
    for (const path of databases) {
      const { openDatabaseLog } = await import('./database.ts');
      opened.push(await openDatabaseLog(path, from, select));
    }
  } catch (error) {
    await close();
    throw error;
  }
  return {
    sources: [
      ...hookLogs.map((source) => lineSource(source, reading.options, { shorten, onDiagnostic })),
      ...opened.flatMap(({ sources }) => sources),
    ],
    live: hookLogs.some((source) => !source.reopenable),
    close,
  };
}

async function filterAsync<T>(
  items: readonly T[],
  test: (item: T) => Promise<boolean>,
): Promise<readonly T[]> {
  const kept = await Promise.all(items.map(test));
  return items.filter((_, index) => kept[index]);
}

/** What the hook logs contain of each session. A pipe cannot be read twice, so its content is unknown here. */
async function knownSessions(logs: readonly ByteSource[]): Promise<KnownSessions> {
  const known: KnownSessions = new Map();
  for (const source of logs.filter(({ reopenable }) => reopenable)) {
    for await (const lines of readLines(source, { shorten: skipContent(), onDiagnostic: () => {} })) {
      for (const line of parseLines(lines, lineParser({}))) {
        if (line.kind === 'event') noteEvent(known, line.event);
      }
    }
  }
  return known;
}

/** `logs` as a list. */
export function listOf(logs: Logs): readonly Log[] {
  return Array.isArray(logs) ? logs : [logs as Log];
}

/** Opens every log. Throws a `ReplayError` for the first one that cannot be read. */
export async function openLogs(logs: readonly Log[]): Promise<readonly ByteSource[]> {
  try {
    return await openSources(logs);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw new ReplayError('unreadable-log', error.message);
  }
}

export type LineParser = (line: InputLine) => ParsedLine;

export function lineParser({ captureContent: content = false, assumeTimes }: Reading['options']): LineParser {
  const parse = (line: InputLine) => parseLine(line, { content });
  if (!assumeTimes) return parse;
  const assume = assumedTimes();
  return (line) => assume(parse(line));
}

/** The lines of a batch, parsed. A line with several objects is several. */
export function parseLines(lines: readonly InputLine[], parse: LineParser): readonly ParsedLine[] {
  const parsed: ParsedLine[] = [];
  for (const line of lines) {
    const first = parse(line);
    const parts = first.kind === 'malformed' ? splitLine(line) : undefined;
    if (parts === undefined) parsed.push(first);
    else for (const part of parts) parsed.push(parse(part));
  }
  return parsed;
}

/** The offsets of `timeZone`. Throws a `ReplayError` for a zone that does not exist. */
export function zoneOf({ timeZone }: Reading['options']): ZoneOffset | undefined {
  const zone = timeZone === undefined ? undefined : zoneOffset(timeZone);
  if (timeZone === undefined || zone !== undefined) return zone;
  throw new ReplayError(
    'invalid-option',
    `There is no time zone ${JSON.stringify(timeZone)}: give a name such as Europe/Berlin, or an offset such as +02:00.`,
  );
}

/** The parsed lines of one source, in their own order. */
export function parsedLines(source: ByteSource, { options, report }: Reading): Batches<ParsedLine> {
  const onDiagnostic = (diagnostic: Diagnostic) => addDiagnostic(report, diagnostic);
  const lines = lineSource(source, options, { shorten: shortenOf(options), onDiagnostic });
  return parsedSource(lines, lineParser(options), zoneOf(options)).open();
}

function parsedSource(
  { firstTime, open }: MergeSource<InputLine>,
  parse: LineParser,
  zone: ZoneOffset | undefined,
): MergeSource<ParsedLine> {
  async function* parsed(): AsyncGenerator<readonly ParsedLine[], void, undefined> {
    const times = createLocalTimes(zone);
    for await (const batch of open()) {
      const placed = placeLines(times, parseLines(batch, parse));
      if (placed.length > 0) yield placed;
    }
    const rest = placeHeld(times);
    if (rest.length > 0) yield rest;
  }
  return { firstTime, open: parsed };
}

function lineSource(
  source: ByteSource,
  { signal, ...options }: Reading['options'],
  reading: Pick<ReadLinesOptions, 'shorten' | 'onDiagnostic'>,
): MergeSource<InputLine> {
  const zone = zoneOf(options);
  async function firstTime(): Promise<EpochMicros | undefined> {
    if (!source.reopenable) return undefined;
    const times = createLocalTimes(zone);
    const first = (placed: readonly ParsedLine[]) => placed.map(timeOf).find((time) => time !== undefined);
    const peek = { chunkBytes: PEEK_BYTES, shorten: skipContent(), onDiagnostic: () => {}, signal };
    for await (const batch of readLines(source, peek)) {
      const time = first(placeLines(times, parseLines(batch, lineParser({}))));
      if (time !== undefined) return time;
    }
    return first(placeHeld(times));
  }
  return { firstTime, open: () => readLines(source, { ...reading, signal }) };
}

/** The time of a line that is no event yet. */
export function lineTime(line: InputLine): EpochMicros | undefined {
  return timeOf(parseLine(line, { content: false }));
}

/** Of each read that only looks for the first time. */
const PEEK_BYTES = 16 * 1024;

function timeOf(line: ParsedLine): EpochMicros | undefined {
  return line.kind === 'event' ? line.event.time : undefined;
}

/** Artificial times, a second apart, from the year 2000, so that they are recognised. A line with a time keeps it. */
function assumedTimes(): (line: ParsedLine) => ParsedLine {
  let time = epochMicros(Date.UTC(2000, 0, 1) * 1000);
  return (line) => {
    if (line.kind !== 'untimed') return line;
    const event = atTime(line.event, time);
    time = shift(time, 1_000_000);
    return { kind: 'event', event, diagnostics: line.diagnostics };
  };
}

/** Yielded when a live source has been silent for a while, so that buffered items need not wait for later input. */
export const SILENCE = Symbol('silence');

/** The items of `source`, and `SILENCE` for each `millis` (wall-clock time) without an item. */
export async function* withSilence<T>(
  source: AsyncIterable<T>,
  millis: number,
): AsyncGenerator<T | typeof SILENCE, void, undefined> {
  const iterator = source[Symbol.asyncIterator]();
  try {
    for (let next = iterator.next(); ; ) {
      const result = await orSilence(next, millis);
      if (result === SILENCE) {
        yield SILENCE;
        continue;
      }
      if (result.done === true) return;
      yield result.value;
      next = iterator.next();
    }
  } finally {
    await iterator.return?.();
  }
}

async function orSilence<T>(next: Promise<T>, millis: number): Promise<T | typeof SILENCE> {
  let timer: NodeJS.Timeout | undefined;
  const silence = new Promise<typeof SILENCE>((resolve) => {
    timer = setTimeout(resolve, millis, SILENCE);
  });
  try {
    return await Promise.race([next, silence]);
  } finally {
    clearTimeout(timer);
  }
}
