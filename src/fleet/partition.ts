/**
 * One partition of a topic: its sources, one meter for all of them, and how far it was read. All of that is one value, a
 * snapshot, so a consumer that loads it goes on exactly there. What the wall clock decides (a silent source is closed) is part of the
 * snapshot too, and happens after it was stored: so spans and points are a function of the messages and the snapshots.
 */
import type { HookEvent } from '../model/event.ts';
import type { ParsedLine } from '../model/line.ts';
import { createRedaction } from '../model/redact.ts';
import { type EpochMicros, epochMicros } from '../model/time.ts';
import { createLocalTimes, placeHeld, placeLines } from '../parse/local-time.ts';
import { hasKnownParent } from '../reconstruct/subagents.ts';
import {
  requireSame,
  resumeReport,
  type SavedReport,
  type Settings,
  saveReport,
  sealed,
  unsealed,
} from '../replay/checkpoint/checkpoint.ts';
import type { DestinationSnapshot } from '../replay/destinations.ts';
import { type Emission, emit } from '../replay/emit.ts';
import { type Batch, ingest, ingestSilence } from '../replay/ingest.ts';
import { lineParser, parseLines, SILENCE, zoneOf } from '../replay/input.ts';
import {
  DEFAULT_METRIC_INTERVAL_MILLIS,
  FOLLOWED_IDLE_MILLIS,
  REORDER_MILLIS,
  type ReplayOptions,
  reconstructOptions,
} from '../replay/options.ts';
import { openPrices } from '../replay/prices.ts';
import { openNamed } from '../replay/replay.ts';
import { addDiagnostic, type Report } from '../replay/report.ts';
import type { Message } from './group.ts';
import { createUnit, type Unit, unitFromText, unitToText } from './unit.ts';

/** The options of a replay that a fleet knows. Metrics are cumulative, as a point may be sent again. */
export type FleetOptions = Omit<
  ReplayOptions,
  'follow' | 'incremental' | 'temporality' | 'timeShift' | 'budgets' | 'totals'
> & {
  readonly topic: string;
  /** What must not change between two snapshots of a partition, by a name that messages show. */
  readonly settings?: Settings | undefined;
};

export type Partition = Awaited<ReturnType<typeof openPartition>>;

export interface Snapshot {
  readonly text: string;
  readonly position: bigint;
  /** Lets happen what the snapshot says of the wall clock. Called when it was stored. */
  apply(): Promise<void>;
}

/** What the wall clock decided, by source. */
interface Silences {
  /** Their reorder windows are flushed. */
  readonly quiet: readonly string[];
  /** Their idle sessions are closed. */
  readonly silent: readonly string[];
  /** They are forgotten. */
  readonly gone: readonly string[];
  /** Metrics of the interval that is over by then are sent; `undefined`: none. */
  readonly now: EpochMicros | undefined;
}

/** Plain data: the first line of a snapshot. Two lines for each source follow. */
interface Saved {
  readonly settings: Settings;
  readonly position: string;
  readonly lost: number;
  readonly report: SavedReport;
  readonly destinations: DestinationSnapshot;
  readonly silences: Silences;
}

/** After so long without a message nothing comes soon: the reorder window of a source is flushed. */
const QUIET_MILLIS = 1000;
/** A partition whose newest message is younger is read as it is written. */
const LIVE_MILLIS = 5000;
/** Of one source: all of them are in each snapshot. */
const QUIET_SESSIONS = 256;
/** A source that wrote nothing for a day is forgotten. */
const GONE_MILLIS = 24 * 3_600_000;

/**
 * @param text of a snapshot; `undefined`: begins at `position`
 * @param end offset behind the last message that another consumer can have read before
 * @param place names the snapshot in messages
 * Throws a `ReplayError` for a snapshot that cannot be read, or of other settings.
 */
export async function openPartition(
  number: number,
  options: FleetOptions,
  from: {
    readonly text?: string | undefined;
    readonly position: bigint;
    readonly end: bigint;
    readonly place: string;
  },
  clock: () => number,
) {
  const { topic, settings = {}, resource, idleTimeoutMillis = FOLLOWED_IDLE_MILLIS } = options;
  const { metricIntervalMillis = DEFAULT_METRIC_INTERVAL_MILLIS } = options;
  const [saved, ...unitTexts] = from.text === undefined ? [] : read(from.text, settings, from.place);
  const report = resumeReport(1, saved?.report, createRedaction(options.redact));
  report.onDiagnostic = options.on?.diagnostic;
  const reconstruct = {
    ...reconstructOptions(
      {
        ...options,
        idleTimeoutMillis,
        reorderWindowMillis: options.reorderWindowMillis ?? REORDER_MILLIS.finished,
      },
      true,
    ),
    maxQuietSessions: QUIET_SESSIONS,
  };
  const zone = zoneOf(options);
  const prices = await openPrices(options);
  const { names, destinations } = await openNamed(
    { ...options, resource: { ...resource, 'service.instance.id': `${topic}-${number}` } },
    { snapshot: saved?.destinations },
  );
  const shared = {
    report,
    names,
    destinations,
    budgets: undefined,
    measured: undefined,
    isNew: undefined,
    shiftMicros: 0,
    prices,
  };
  const parse = lineParser(options);
  const units = new Map<string, Unit>();
  for (let at = 0; at < unitTexts.length; at += 2) {
    const unit = unitFromText([unitTexts[at] ?? '', unitTexts[at + 1] ?? ''], reconstruct, clock());
    units.set(unit.source, unit);
  }
  let position = from.position;
  let lost = saved?.lost ?? 0;
  /** The position of the last snapshot. */
  let written: bigint | undefined = saved && position;
  /** Of the last message, by the wall clock, and when it was produced. */
  let receivedAt = clock();
  let producedAt = 0;
  /** The metrics of the last interval were sent. */
  let waited = false;

  async function emitOf(unit: Unit, ingested: (run: Emission) => Batch): Promise<void> {
    const run: Emission = { ...shared, state: unit.state, repeats: unit.repeats };
    unit.text = undefined;
    waited = false;
    await emit(run, ingested(run));
  }

  function linesOf({ offset, text }: Message): readonly ParsedLine[] {
    const line = {
      source: `${topic}[${number}]`,
      line: Number(offset),
      text: unquoted(text),
      endOffsetBytes: 0,
      damage: undefined,
    };
    const parsed = parseLines([line], parse);
    if (!parsed.some((one) => one.kind === 'event' && one.localTime)) return parsed;
    const times = createLocalTimes(zone);
    return [...placeLines(times, parsed), ...placeHeld(times)];
  }

  function unitOf(source: string): Unit {
    const known = units.get(source);
    if (known !== undefined) return known;
    const unit = createUnit(source, reconstruct, clock());
    units.set(source, unit);
    return unit;
  }

  async function takeOne(message: Message): Promise<void> {
    const unit = unitOf(message.source);
    unit.closed = false;
    receivedAt = clock();
    unit.receivedAt = receivedAt;
    const lines = linesOf(message);
    for (const line of lines) if (line.kind === 'event') noteStranger(report, unit, line.event);
    await emitOf(unit, (run) => ingest(run, lines));
    position = message.offset + 1n;
  }

  /**
   * What is silent at `now`. Nothing is while the partition is behind: a source may have messages that were not read yet.
   * Nor is anything before the last message that another consumer may have read: it has already sent what follows from those
   * messages, without a silence.
   */
  function silencesAt(now: number): Silences {
    if (position < from.end) return { quiet: [], silent: [], gone: [], now: undefined };
    const isQuiet = now - receivedAt >= QUIET_MILLIS;
    const isLive = isQuiet || now - producedAt < LIVE_MILLIS;
    const since = (millis: number, test: (unit: Unit) => boolean) =>
      Array.from(units.values())
        .filter((unit) => isLive && now - unit.receivedAt >= millis && test(unit))
        .map(({ source }) => source);
    return {
      quiet: since(QUIET_MILLIS, ({ state }) => state.waiting.length > state.waitingFrom),
      silent: since(idleTimeoutMillis, ({ closed }) => !closed),
      gone: since(GONE_MILLIS, () => true),
      now: !waited && now - receivedAt >= metricIntervalMillis ? epochMicros(now * 1000) : undefined,
    };
  }

  async function apply({ quiet, silent, gone, now }: Silences): Promise<void> {
    const inEach = async (sources: readonly string[], does: (unit: Unit) => Promise<void>) => {
      for (const unit of sources.flatMap((source) => units.get(source) ?? [])) await does(unit);
    };
    await inEach(quiet, (unit) => emitOf(unit, (run) => ingest(run, SILENCE)));
    await inEach(silent, (unit) => {
      unit.closed = true;
      return emitOf(unit, ingestSilence);
    });
    for (const source of gone) units.delete(source);
    if (now === undefined) return;
    waited = true;
    await destinations.wait(now);
  }

  if (saved !== undefined) {
    if (report.firstEvent !== undefined) destinations.startAt(report.firstEvent);
    await apply(saved.silences);
  }
  return {
    number,
    /** The offset that names the snapshot from which this began; `undefined` without one. */
    loadedFrom: written,
    /** Counts over the whole life of the partition. */
    report,
    destinations,
    /** Offset of the next message. */
    position: () => position,
    /** Messages that the broker had removed before they were read. */
    lost: () => lost,
    /**
     * Ingests messages in order of offset, and waits while a destination has no room. Skips those below the position.
     * @returns false at the first message beyond the position: a gap, after which nothing was ingested
     */
    async take(messages: readonly Message[]): Promise<boolean> {
      for (const message of messages) {
        if (message.offset < position) continue;
        if (message.offset > position) return false;
        await takeOne(message);
        producedAt = Math.max(producedAt, message.producedAt);
      }
      return true;
    },
    /** Goes on at `offset`, as the broker no longer has the messages before it. They are counted as lost. */
    skipTo(offset: bigint): void {
      lost += Number(offset - position);
      position = offset;
    },
    /** True when a snapshot would say something new. */
    isDue: (): boolean => {
      if (position !== written) return true;
      const { quiet, silent, gone, now: waitsUntil } = silencesAt(clock());
      return quiet.length + silent.length + gone.length > 0 || waitsUntil !== undefined;
    },
    /** The partition as text, with what the wall clock decides now. Everything sent must have its outcome. */
    async snapshot(): Promise<Snapshot> {
      const silences = silencesAt(clock());
      const head: Saved = {
        settings,
        position: String(position),
        lost,
        report: saveReport(report),
        destinations: await destinations.snapshot(),
        silences,
      };
      const texts = Array.from(units.values(), (unit) => unitToText(unit, report.redaction));
      const { text } = sealed([JSON.stringify(head), ...texts].join('\n'));
      const at = position;
      return {
        text,
        position,
        apply: () => {
          written = at;
          return apply(silences);
        },
      };
    },
  };
}

function read(text: string, settings: Settings, place: string): readonly [Saved, ...string[]] {
  const anew = 'begin anew with another --group';
  const [head = '', ...units] = unsealed(text, place, anew).body.split('\n');
  const saved: Saved = JSON.parse(head);
  requireSame(settings, saved.settings, place, anew);
  return [saved, ...units];
}

function noteStranger(report: Report, { state, source }: Unit, event: HookEvent): void {
  if (hasKnownParent(state, event)) return;
  addDiagnostic(report, {
    severity: 'warning',
    code: 'unknown-parent',
    message: `the parent of this session is not known in source ${JSON.stringify(source)}: its trace stands alone. Key messages by the log that they are from, not by session`,
    at: { source: event.source, line: event.line },
  });
}

/** The Collector's `encoding: raw` writes a line as a JSON string. */
function unquoted(text: string): string {
  if (!text.startsWith('"')) return text;
  try {
    const line: unknown = JSON.parse(text);
    return typeof line === 'string' ? line : text;
  } catch {
    return text;
  }
}
