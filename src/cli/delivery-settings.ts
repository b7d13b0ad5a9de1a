/** What the flags say of delivery, wherever something is delivered: how to reach a receiver, within which limits, and where failures are kept. */
import type { DeadLetter } from '../export/delivery/dead-letter.ts';
import type { DeliveryLimits } from '../export/delivery/delivery.ts';
import type { OtlpFlags } from '../export/options/otlp-http-options.ts';
import { isProblem, type OptionProblem } from '../export/options/problem.ts';
import { CliError } from './cli-error.ts';
import type { FlagValues } from './flags.ts';
import type { DELIVERY_FLAGS, ReplayFlags } from './replay-flags.ts';

/** What the flags say of how to reach a receiver. */
export function otlpFlags(
  flags: Pick<ReplayFlags, 'endpoint' | 'header' | 'compression' | 'exportTimeout'>,
): OtlpFlags {
  return {
    endpoint: flags.endpoint,
    header: flags.header,
    compression: flags.compression,
    exportTimeoutMillis: flags.exportTimeout,
  };
}

export function limitsOf(flags: FlagValues<typeof DELIVERY_FLAGS>): DeliveryLimits {
  return {
    maxRequestBytes: flags.maxRequestBytes,
    maxRequestItems: MAX_REQUEST_ITEMS,
    concurrency: flags.concurrency,
    retryForMillis: flags.retryFor,
    flushIntervalMillis: flags.flushInterval,
  };
}

/**
 * The batch processors of the SDKs send as many. Spans stay in memory until their request is answered: with thousands
 * in each, most would live long enough to be moved to the old heap, which costs more than the requests saved.
 */
const MAX_REQUEST_ITEMS = 512;

/** Of metrics, in log time. */
export function intervalMicrosOf({ metricInterval }: Pick<ReplayFlags, 'metricInterval'>): number {
  return Math.max(1, metricInterval) * 1000;
}

/** `undefined` when nobody wants to keep what failed. */
export async function openDeadLetter({
  deadLetter: file,
}: Pick<ReplayFlags, 'deadLetter'>): Promise<DeadLetter | undefined> {
  if (file === undefined) return undefined;
  const { deadLetter } = await import('../export/delivery/dead-letter.ts');
  return deadLetter(file);
}

/** A setting that cannot be worked with ends the run before it begins. */
export function valueOrCliError<T extends object>(value: T | OptionProblem): T {
  if (isProblem(value)) throw new CliError(value.sentence);
  return value;
}
