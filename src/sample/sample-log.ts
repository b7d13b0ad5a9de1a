import { readFileSync } from 'node:fs';
import { isJsonObject, parseJson } from '../model/json.ts';
import { type EpochMicros, shift } from '../model/time.ts';

/**
 * A sample log for tests of a receiver: one session, one turn, two API calls, two tools. It becomes six spans in one trace
 * and one value in each of the seven metrics. The caller chooses the time and the session id.
 */
export const SAMPLE_SPANS = 6;

/** Its times are seconds after its start. It is two folders up in `src` and in `dist`. */
const LOG = new URL('../../src/sample/session.ndjson', import.meta.url);
const TIMES: ReadonlySet<string> = new Set(['ts', 'started_at', 'ended_at']);

/** The lines of the sample, the last of them at `end`. Another `sessionId` gives another trace. */
export function sampleLog(sessionId: string, end: EpochMicros): readonly string[] {
  const text = readFileSync(LOG, 'utf8')
    .replaceAll('TURN', `${sessionId}:${sessionId}:sample00`)
    .replaceAll('SESSION', sessionId);
  const events = text
    .trimEnd()
    .split('\n')
    .map((line) => parseJson(line))
    .filter(isJsonObject);
  const start = shift(end, -micros(events.at(-1)?.ts));
  const placed = (name: string, value: unknown) =>
    TIMES.has(name) ? shift(start, micros(value)) / 1e6 : value;
  return events.map((event) => JSON.stringify(event, placed));
}

function micros(seconds: unknown): number {
  return Math.round(Number(seconds) * 1e6);
}
