/** How a long run goes, on standard error: every `--stats-interval`, and whenever SIGUSR1 asks. */
import { timerMillis } from '../model/time.ts';
import type { ReplayProgress } from '../replay/report.ts';
import type { Io } from './io.ts';

/** Prints nothing before the first `update`, nor for finished files. */
export function watchHealth(intervalMillis: number | undefined, io: Io) {
  let latest: ReplayProgress | undefined;
  const print = () => {
    if (latest?.live) io.stderr.write(`hermes-otel: ${healthOf(latest, Date.now())}\n`);
  };
  const timer = intervalMillis ? setInterval(print, timerMillis(intervalMillis)) : undefined;
  timer?.unref();
  io.on('SIGUSR1', print);
  return {
    update: (progress: ReplayProgress) => {
      latest = progress;
    },
    stop: () => {
      clearInterval(timer);
      io.off('SIGUSR1', print);
    },
  };
}

/** One line of `key=value`, for people and for `grep`. `nowMillis` is the wall clock's. */
export function healthOf(progress: ReplayProgress, nowMillis: number): string {
  const { report } = progress;
  const lagBytes = progress.lagBytes();
  // All read is not late, however long ago the last event was.
  const isCurrent = lagBytes === 0 || report.lastEvent === undefined;
  const lagSeconds = isCurrent
    ? 0
    : Math.max(0, Math.round(nowMillis / 1000 - (report.lastEvent ?? 0) / 1e6));
  const spans = progress.accounts().filter(({ signal }) => signal === 'spans');
  const sum = (of: (account: (typeof spans)[number]) => number) =>
    spans.reduce((all, one) => all + of(one), 0);
  return [
    `lines=${report.lines}`,
    `lag_bytes=${lagBytes}`,
    `lag_seconds=${lagSeconds}`,
    `open_sessions=${progress.openSessions()}`,
    `open_turns=${progress.openTurns()}`,
    `spans_accepted=${sum(({ accepted }) => accepted)}`,
    `spans_failed=${sum(({ failed, rejected }) => failed + rejected)}`,
    `spans_in_flight=${sum(({ made, accepted, failed, rejected }) => made - accepted - failed - rejected)}`,
  ].join(' ');
}
