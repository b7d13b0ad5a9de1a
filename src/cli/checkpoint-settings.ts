/** What must not change between two runs that share a checkpoint. */
import { isAbsolute, join, resolve } from 'node:path';
import { CliError } from './cli-error.ts';
import type { Io } from './io.ts';
import type { ReplayFlags } from './replay-flags.ts';

/** By name of the flag, or `log`. */
export type CheckpointSettings = Readonly<Record<string, string>>;

/** Throws a `CliError` for what means something else in each run. */
export function refuseUnsuitable(flags: ReplayFlags): void {
  if (!flags.follow) throw new CliError('--checkpoint goes with --follow: a finished log is replayed whole.');
  if (flags.assumeTimes) {
    throw new CliError('--checkpoint wants recorded times: with --assume-times they would begin anew.');
  }
  if (flags.timeShift === 'now') {
    throw new CliError('--time-shift now begins anew with each run: it does not go with --checkpoint.');
  }
  if ([flags.since, flags.until].some((moment) => moment !== undefined && !/^\d{4}-/.test(moment))) {
    throw new CliError(
      '--since and --until before now move from run to run: with --checkpoint give a time such as 2026-11-23T08:00:00Z.',
    );
  }
}

/** Whatever decides which spans a log becomes, and how their measurements add up. */
export function settingsOf(logs: readonly string[], flags: ReplayFlags, io: Io): CheckpointSettings {
  const { session, platform, model } = flags;
  return {
    log: logs
      .map((log) => absolute(io, log))
      .sort()
      .join(', '),
    '--trace-per': flags.tracePer,
    '--conventions': flags.conventions.toSorted().join(','),
    '--capture-content': String(flags.captureContent),
    '--reorder-window': millis(flags.reorderWindow),
    '--idle-timeout': millis(flags.idleTimeout),
    '--max-open': String(flags.maxOpen),
    '--metric-interval': `${flags.metricInterval}ms`,
    '--no-metrics': String(!flags.metrics),
    OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE:
      io.env.OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE ?? '',
    '--session': session.join(','),
    '--platform': platform.join(','),
    '--model': model.join(','),
    '--since': flags.since ?? '',
    '--until': flags.until ?? '',
    '--time-shift': flags.timeShift ?? '',
  };
}

/** '' for the default. */
function millis(duration: number | undefined): string {
  return duration === undefined ? '' : `${duration}ms`;
}

export function absolute(io: Io, path: string): string {
  return isAbsolute(path) ? path : resolve(join(io.cwd(), path));
}
