/** What the main thread and its jobs say to each other. Plain data, copied, or in memory that both see. */
import type { Answer } from '../../export/delivery/answer.ts';
import type { Tally } from '../../export/delivery/ledger.ts';
import type { IntervalGains } from '../../export/metrics/intervals.ts';
import type { Diagnostic } from '../../model/diagnostic.ts';
import type { Signal } from '../../model/sink.ts';
import type { EpochMicros } from '../../model/time.ts';
import type { Shard } from '../../shard/shard.ts';
import type { ReplayFlags } from '../replay-flags.ts';
import type { Report } from '../report.ts';
import type { LogIds, LookedAt, Ties } from '../ties.ts';
import type { CountedPiece, Run } from './allot.ts';
import type { PlannedLog } from './plan.ts';

/** What a job knows when it starts. */
export interface Order {
  readonly shard: Shard;
  readonly logs: readonly PlannedLog[];
  /** How long the pieces are in which the logs are looked at, and read. */
  readonly pieceBytes: number;
  readonly flags: ReplayFlags;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly shiftMicros: number;
  /** How many pieces have been taken by any job: 32 bits, shared by all of them. */
  readonly taken: SharedArrayBuffer;
}

/** What the logs tie together, as far as one job has found it. */
export interface FoundTies extends Omit<Ties, 'groups' | 'looked'> {
  readonly pairs: Int32Array<ArrayBuffer>;
  /** By the number of the piece. */
  readonly looked: ReadonlyMap<number, LookedAt & CountedPiece>;
}

/** What a job takes: the sessions of its groups, and what it must read for them. */
export interface Share {
  /** What all jobs have found together. */
  readonly pairs: Int32Array<ArrayBuffer>;
  /** Of each log, piece after piece. In memory that all share. */
  readonly ids: readonly LogIds[];
  readonly testIds: boolean;
  /** Names of groups, each followed by its job. */
  readonly owners: Int32Array<ArrayBuffer>;
  /** Of each log, by piece: the job that takes the lines without an id. */
  readonly homes: readonly (readonly number[])[];
  /** Pieces of the only log; `undefined`: all of all logs. */
  readonly runs: readonly Run[] | undefined;
}

export type ToJob = ({ readonly kind: 'replay' } & Share) | { readonly kind: 'interrupt' } | Reply;

/** Answers to what a job asked under this number, and waits for. */
export type Reply =
  | { readonly kind: 'written'; readonly number: number; readonly answer: Answer }
  /** With a sentence when it could not be kept. */
  | { readonly kind: 'kept'; readonly number: number; readonly answer: string | undefined }
  | { readonly kind: 'goOn'; readonly number: number };

export type FromJob =
  | ({ readonly kind: 'tied' } & FoundTies)
  | { readonly kind: 'outage'; readonly sentence: string }
  | Question
  /** It cannot run; a sentence for the user. */
  | { readonly kind: 'refused'; readonly sentence: string }
  | ({ readonly kind: 'done' } & Result);

export type Question =
  /** A line for the output file. */
  | { readonly kind: 'line'; readonly number: number; readonly line: Uint8Array }
  /** A line for the dead-letter file. */
  | { readonly kind: 'letter'; readonly number: number; readonly line: string }
  | { readonly kind: 'progress'; readonly number: number; readonly progress: JobProgress };

/** How far a job has come: told now and then. */
export interface JobProgress {
  /** Of its own. */
  readonly lines: number;
  /** The first event that it read, in the first job that of the log; as all times that metrics see, shifted. */
  readonly startTime: EpochMicros | undefined;
  readonly clock: EpochMicros;
  readonly gains: readonly IntervalGains[];
  /** Only when they are written down. */
  readonly diagnostics: readonly Diagnostic[];
}

export interface Result {
  readonly report: Report;
  readonly tallies: readonly SignalTally[];
}

export interface SignalTally {
  readonly destination: string;
  readonly signal: Signal;
  readonly tally: Tally;
}
