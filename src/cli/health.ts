/** How a long run goes, on standard error: every `--stats-interval`, and whenever SIGUSR1 asks. */
import type { Io } from './io.ts';
import type { ReplayFlags } from './replay-flags.ts';
import type { Run } from './run.ts';

/** Listens until the returned function is called. */
export function watchHealth(run: Run, { statsInterval }: ReplayFlags, io: Io): () => void {
  if (!run.input.live) return () => {};
  const tell = () => void io.stderr.write(`hermes-otel: ${healthOf(run, Date.now())}\n`);
  const timer = statsInterval ? setInterval(tell, statsInterval) : undefined;
  timer?.unref();
  io.on('SIGUSR1', tell);
  return () => {
    clearInterval(timer);
    io.off('SIGUSR1', tell);
  };
}

/** One line of `key=value`, for eyes and for `grep` alike. `nowMillis` is the wall clock's. */
export function healthOf({ report, input, state, destinations }: Run, nowMillis: number): string {
  const lagBytes = input.progress?.().lagBytes ?? 0;
  const { lastEvent } = report;
  // All read is not late, however long ago the last event was.
  const lagSeconds =
    lagBytes === 0 || lastEvent === undefined
      ? 0
      : Math.max(0, Math.round(nowMillis / 1000 - lastEvent / 1e6));
  const spans = destinations.accounts().filter(({ signal }) => signal === 'spans');
  const sum = (of: (account: (typeof spans)[number]) => number) =>
    spans.reduce((all, one) => all + of(one), 0);
  const openSessions = Array.from(state.sessions.values()).filter(
    ({ endTime, sent, turns }) => turns.size > 0 || (endTime === undefined && !sent),
  );
  return [
    `lines=${report.lines}`,
    `lag_bytes=${lagBytes}`,
    `lag_seconds=${lagSeconds}`,
    `open_sessions=${openSessions.length}`,
    `open_turns=${state.openTurns.size}`,
    `spans_accepted=${sum(({ accepted }) => accepted)}`,
    `spans_failed=${sum(({ failed, rejected }) => failed + rejected)}`,
    `spans_under_way=${sum(({ made, accepted, failed, rejected }) => made - accepted - failed - rejected)}`,
  ].join(' ');
}
