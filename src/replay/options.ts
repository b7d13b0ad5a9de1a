/** The options of a replay: values, never flags, environment variables or texts such as `2h`. */
import type { ConventionName } from '../conventions/names.ts';
import type { ReceiverName } from '../conventions/receivers.ts';
import type { NamedStream } from '../input/open-sources.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import type { Attributes, Temporality } from '../model/otel.ts';
import { DEFAULT_OPTIONS, type ReconstructOptions, type TurnFacts } from '../reconstruct/options.ts';
import type { DestinationFactory } from './destinations.ts';
import type { IncrementalOptions } from './incremental.ts';
import type { ReplayProgress } from './report.ts';

/** One log: a path (also `.gz`), or bytes, text or parsed objects as they come. */
export type Log = string | AsyncIterable<unknown> | NamedStream;

/** One log, or several that are merged by time. */
export type Logs = Log | readonly Log[];

/** All fields may be left out. */
export interface ReplayOptions {
  /** Where spans and metrics go. Default: nowhere; the report alone is made. */
  readonly destinations?: readonly DestinationFactory[] | undefined;
  /** Attribute and metric names; the first one that is chosen by precedence names the spans. Default `['hermes']`. */
  readonly conventions?: readonly ConventionName[] | undefined;
  /** Also sends what happens inside spans (retries, failures, approvals, moments) as log records. Default false. */
  readonly logs?: boolean | undefined;
  /** Adapts the names to what this receiver reads, in addition to `conventions`. Default: none. */
  readonly receiver?: ReceiverName | undefined;
  /** Resource attributes. `service.name` is `hermes-agent` unless set. */
  readonly resource?: Attributes | undefined;
  /** Keeps messages, arguments and results, cut short. Default false. */
  readonly captureContent?: boolean | undefined;
  /** Prices model calls. Default true: by the log, else by a price table that is part of the package. */
  readonly cost?: boolean | undefined;
  /** A JSON file of own prices, which come before the table's: docs/prices.md. */
  readonly prices?: string | undefined;
  /** Further forms of secrets, which are redacted like the known ones. The first group of a pattern is kept. */
  readonly redact?: readonly RegExp[] | undefined;
  /** Attributes that are left out of spans, span events and metrics, by names with `*`; `!name` keeps one. */
  readonly dropAttributes?: readonly string[] | undefined;
  /** One trace for a session (default), or for each turn. */
  readonly tracePer?: 'session' | 'turn' | undefined;
  /** Which turns become spans. Default: all. */
  readonly selectTurn?: ((turn: TurnFacts) => boolean) | undefined;
  /** Closes sessions that are silent for so long in log time. Default: 30 minutes when following, else never. */
  readonly idleTimeoutMillis?: number | undefined;
  /** Events within this window are put in order of time. Default 5,000, and 250 for a log that is read as it grows. */
  readonly reorderWindowMillis?: number | undefined;
  /** Open turns kept in memory; the oldest beyond it are closed as incomplete. Default 100,000. */
  readonly maxOpenTurns?: number | undefined;
  /** Gives artificial times, a second apart, to lines without one. Default false. */
  readonly assumeTimes?: boolean | undefined;
  /**
   * Hermes's text logs that belong to the databases among the logs, the oldest first; `[]` for none. Default: `logs/agent.log*`
   * beside each database.
   */
  readonly agentLogs?: readonly string[] | undefined;
  /**
   * Zone of times without one, as an IANA name or `+02:00`, where no time of Hermes in the same lines shows the offset.
   * Default UTC.
   */
  readonly timeZone?: string | undefined;
  /** Moves the whole log: by so many milliseconds, or so that its newest event is now. Default 0. */
  readonly timeShift?: number | 'now' | undefined;
  /** How often metrics are collected, on the log's clock. Default 60,000. */
  readonly metricIntervalMillis?: number | undefined;
  /** Default `cumulative`. */
  readonly temporality?: Temporality | undefined;
  /** Conditions such as `errors>0` or `turn_p95>60s`. `budgets` in the report has the result of each. */
  readonly budgets?: readonly string[] | undefined;
  /** Keeps the totals of all spans in the report. Default false. */
  readonly totals?: boolean | undefined;
  /** Goes on with what is appended to the logs, until `signal` aborts. */
  readonly follow?: FollowOptions | undefined;
  /** Databases only: replays the sessions that changed since the run before and have settled. */
  readonly incremental?: IncrementalOptions | undefined;
  /** A file for requests that failed for good, as OTLP/JSON lines. */
  readonly deadLetter?: string | undefined;
  /** Ends the reading. What was read still leaves, within `shutdownTimeoutMillis`. */
  readonly signal?: AbortSignal | undefined;
  /** How long an aborted replay may take to send what is in flight. Default 10,000. */
  readonly shutdownTimeoutMillis?: number | undefined;
  readonly on?: ReplayListeners | undefined;
}

export interface FollowOptions {
  /** How often the files are looked at. Default 250. */
  readonly pollMillis?: number | undefined;
  /** `send` also sends open sessions and turns, marked as incomplete. Default `withhold`. */
  readonly openSpans?: 'withhold' | 'send' | undefined;
  /** How often open spans are sent. Default 500. */
  readonly openSpansEveryMillis?: number | undefined;
  /** Where the run writes down how far it came, to go on from there next time. */
  readonly checkpoint?: CheckpointOptions | undefined;
}

export interface CheckpointOptions {
  readonly directory: string;
  /** What must not change from run to run, by a name that messages show. Default: nothing. */
  readonly settings?: Readonly<Record<string, string>> | undefined;
}

/** Callbacks. They must not throw. */
export interface ReplayListeners {
  /** Called for every odd line, also for those that the report does not keep. A promise holds the reading back. */
  readonly diagnostic?: ((diagnostic: Diagnostic) => void | Promise<void>) | undefined;
  /** Called once at the start and after each batch of lines, with one object whose fields are live. */
  readonly progress?: ((progress: ReplayProgress) => void) | undefined;
  /** Called once per outage of a receiver, with a sentence. */
  readonly outage?: ((sentence: string) => void) | undefined;
  /** Called with a sentence for what concerns the run itself: a followed file that vanished, a full disk. */
  readonly notice?: ((sentence: string) => void) | undefined;
}

const MICROS_PER_MILLI = 1000;

/** A finished log loses nothing by waiting; a log that grows should give its spans within a second. */
export const REORDER_MILLIS = { finished: 5_000, live: 250 };

/** A followed log has no end of input, so sessions without a finalize are closed after this silence. */
export const FOLLOWED_IDLE_MILLIS = 30 * 60_000;

export const DEFAULT_METRIC_INTERVAL_MILLIS = 60_000;
export const DEFAULT_SHUTDOWN_MILLIS = 10_000;
export const DEFAULT_OPEN_SPANS_MILLIS = 500;

/** @param live true for input that may never end */
export function reconstructOptions(options: ReplayOptions, live: boolean): ReconstructOptions {
  const { idleTimeoutMillis = options.follow === undefined ? undefined : FOLLOWED_IDLE_MILLIS } = options;
  const { reorderWindowMillis = live ? REORDER_MILLIS.live : REORDER_MILLIS.finished } = options;
  return {
    ...DEFAULT_OPTIONS,
    tracePer: options.tracePer ?? DEFAULT_OPTIONS.tracePer,
    idleTimeoutMicros: idleTimeoutMillis === undefined ? undefined : idleTimeoutMillis * MICROS_PER_MILLI,
    sessionSpans: live ? 'at_end' : 'at_finish',
    reorderWindowMicros: reorderWindowMillis * MICROS_PER_MILLI,
    maxOpenTurns: options.maxOpenTurns ?? DEFAULT_OPTIONS.maxOpenTurns,
    content: options.captureContent ?? false,
    syntheticTime: options.assumeTimes ?? false,
    selectTurn: options.selectTurn,
  };
}
