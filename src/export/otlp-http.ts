import { systemClock } from './delivery/clock.ts';
import type { Destination } from './destination.ts';
import { httpChannel, type OtlpHttpSettings } from './http/http-channel.ts';
import { type ChannelOptions, openChannel } from './open-channel.ts';

export interface OtlpHttpOptions extends ChannelOptions, OtlpHttpSettings {}

/** `-e otlp`: OTLP over HTTP, every request followed to its outcome. */
export function openOtlpHttp(options: OtlpHttpOptions): Destination {
  const { origin, limits, clock = systemClock } = options;
  const userAgent = `${origin.scope.name}/${origin.scope.version}`;
  return openChannel(httpChannel(options, limits.concurrency, userAgent, clock), options);
}
