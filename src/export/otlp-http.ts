import { systemClock } from './delivery/clock.ts';
import { type Destination, type DestinationOptions, openDestination } from './destination.ts';
import { httpTransports, type OtlpHttpSettings } from './http/transport.ts';

export interface OtlpHttpOptions extends DestinationOptions, OtlpHttpSettings {}

/** `-e otlp`: OTLP over HTTP. */
export function openOtlpHttp(options: OtlpHttpOptions): Destination {
  const { origin, limits, clock = systemClock } = options;
  const userAgent = `${origin.scope.name}/${origin.scope.version}`;
  return openDestination(httpTransports(options, limits.concurrency, userAgent, clock), options);
}
