import type { Clock } from '../../src/export/delivery/clock.ts';
import { systemClock } from '../../src/export/delivery/clock.ts';
import type { DeliveryLimits } from '../../src/export/delivery/delivery.ts';
import { type Destination, type DestinationOptions, openDestination } from '../../src/export/destination.ts';
import {
  httpTransports,
  type OtlpHttpSettings,
  type OtlpHttpSignal,
} from '../../src/export/http/transport.ts';
import { ORIGIN } from './spans.ts';

export const LIMITS: DeliveryLimits = {
  maxRequestBytes: 4 * 1024 * 1024,
  maxRequestItems: 1000,
  concurrency: 4,
  retryForMillis: 60_000,
  flushIntervalMillis: 1000,
};

export interface HttpDestinationOptions {
  readonly url: string;
  readonly signal?: Partial<OtlpHttpSignal>;
  readonly limits?: Partial<DeliveryLimits>;
  readonly more?: Partial<DestinationOptions & OtlpHttpSettings>;
}

/** A destination with the defaults of the program, and a clock whose pauses take no time. */
export function httpDestination({ url, signal, limits, more }: HttpDestinationOptions): Destination {
  return openOtlpHttp(
    { ...httpSettings(url, signal), ...more },
    { limits: { ...LIMITS, ...limits }, clock: hurriedClock(), ...more },
  );
}

export function openOtlpHttp(
  settings: OtlpHttpSettings,
  options: Partial<DestinationOptions> = {},
): Destination {
  const whole = { origin: ORIGIN, limits: LIMITS, ...options };
  const { name, version } = ORIGIN.scope;
  const transports = httpTransports(settings, whole.limits.concurrency, `${name}/${version}`, whole.clock);
  return openDestination(transports, whole);
}

export function httpSettings(url: string, signal: Partial<OtlpHttpSignal> = {}): OtlpHttpSettings {
  const make = (path: string): OtlpHttpSignal => ({
    url: new URL(url + path),
    destination: url + path,
    headers: {},
    protocol: 'http/protobuf',
    compression: 'none',
    timeoutMillis: 10_000,
    tls: { certificate: undefined, clientCertificate: undefined, clientKey: undefined },
    proxy: undefined,
    redact: (text) => text,
    ...signal,
  });
  return { traces: make('/v1/traces'), metrics: make('/v1/metrics'), logs: make('/v1/logs') };
}

export interface HurriedClock extends Clock {
  /** What was slept, in milliseconds. */
  readonly slept: readonly number[];
}

/** Only sleeping takes time, and all the time it says; how long anything else takes is no matter. Timers are real. */
export function hurriedClock(): HurriedClock {
  const slept: number[] = [];
  let skipped = 0;
  return {
    ...systemClock,
    slept,
    monotonicMillis: () => skipped,
    async sleep(millis) {
      slept.push(millis);
      skipped += millis;
      await new Promise((resolve) => setImmediate(resolve));
    },
    random: () => 0,
  };
}
