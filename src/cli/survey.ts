/** One look over whole logs before anything is sent: from when to when they reach, and how much of them is old. */
import { type EpochMicros, earlier, later } from '../model/time.ts';
import { openInput } from './input.ts';
import type { Io } from './io.ts';
import { createReport } from './report.ts';

export interface Survey {
  /** `undefined` when no line has a time. */
  readonly firstTime: EpochMicros | undefined;
  readonly lastTime: EpochMicros | undefined;
  readonly events: number;
  /** Events before the time asked about. */
  readonly olderEvents: number;
}

/** Reads every line once. Only for logs that can be read again: never for a pipe. */
export async function survey(
  logs: readonly string[],
  io: Io,
  signal: AbortSignal,
  before: number,
): Promise<Survey> {
  const input = await openInput(
    logs,
    { captureContent: false, assumeTimes: false },
    io,
    signal,
    createReport(0),
  );
  const times: Times = { first: undefined, last: undefined, events: 0, older: 0 };
  for await (const lines of input.lines) {
    for (const line of typeof lines === 'symbol' ? [] : lines) {
      if (line.kind === 'event') note(times, line.event.time, before);
    }
  }
  return { firstTime: times.first, lastTime: times.last, events: times.events, olderEvents: times.older };
}

interface Times {
  first: EpochMicros | undefined;
  last: EpochMicros | undefined;
  events: number;
  older: number;
}

function note(times: Times, time: EpochMicros, before: number): void {
  times.events++;
  if (time < before) times.older++;
  times.first = times.first === undefined ? time : earlier(times.first, time);
  times.last = times.last === undefined ? time : later(times.last, time);
}
