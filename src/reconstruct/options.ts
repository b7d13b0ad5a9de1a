/** The options of a reconstruction. */
import type { EpochMicros } from '../model/time.ts';

export interface ReconstructOptions {
  /** One trace for a whole session (the default), or one for each turn. */
  readonly tracePer: 'session' | 'turn';
  /** A session silent for longer than this, in log time, is closed; `undefined`: never. */
  readonly idleTimeoutMicros: number | undefined;
  /**
   * When the span of an ended session is sent: `at_finish` keeps it, because the session may be resumed later in the same
   * (finite) log and its span is to be sent once; `at_end` sends it at once, for a live log.
   */
  readonly sessionSpans: 'at_finish' | 'at_end';
  /** Events are put in order of time within this window of log time; 0: as they come. */
  readonly reorderWindowMicros: number;
  /** At most this many events wait in the window. */
  readonly reorderMaxEvents: number;
  /** Quiet sessions (no open turn) beyond this many are closed, the longest quiet first. */
  readonly maxQuietSessions: number;
  /** Open turns beyond this many are closed as incomplete (`evicted`), the oldest first. */
  readonly maxOpenTurns: number;
  /** True when content was asked for; without it no argument of a tool enters the state. */
  readonly content: boolean;
  /** Times were assumed, not recorded: every span is marked. */
  readonly syntheticTime: boolean;
  /** Which turns become spans; `undefined`: all. A sub-agent goes with the turn that started it. */
  readonly selectTurn: ((facts: TurnFacts) => boolean) | undefined;
}

/** What a filter can use. */
export interface TurnFacts {
  readonly sessionId: string;
  readonly startTime: EpochMicros;
  readonly model: string | undefined;
  readonly platform: string | undefined;
  readonly profile: string | undefined;
}

export const DEFAULT_OPTIONS: ReconstructOptions = {
  tracePer: 'session',
  idleTimeoutMicros: undefined,
  sessionSpans: 'at_finish',
  reorderWindowMicros: 5_000_000,
  reorderMaxEvents: 1000,
  maxQuietSessions: 4096,
  maxOpenTurns: 100_000,
  content: false,
  syntheticTime: false,
  selectTurn: undefined,
};
