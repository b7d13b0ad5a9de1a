/** What ended lately in a session: a second end is a duplicate, and a late child finds its parent. */
import type { EpochMicros } from '../model/time.ts';
import type { Ended, SessionState } from './state.ts';

/** How many ended turns, tools and approvals a session remembers. */
const REMEMBERED = 256;

/** Remembers that something of this key ended; the oldest is forgotten beyond a bound. */
export function rememberEnded(
  session: SessionState,
  key: string,
  startTime: EpochMicros,
  tool: Pick<Ended, 'endTime' | 'fingerprint'> = { endTime: undefined, fingerprint: undefined },
): void {
  const count = (session.ended.get(key)?.count ?? 0) + 1;
  session.ended.delete(key);
  session.ended.set(key, { startTime, count, ...tool });
  if (session.ended.size > REMEMBERED) {
    for (const oldest of session.ended.keys()) {
      session.ended.delete(oldest);
      break;
    }
  }
}
