/** Who a replay's data is from: the resource and the scope of everything it sends. */
import type { Origin } from '../export/encode/request-encoder.ts';
import type { Attributes } from '../model/otel.ts';
import { CliError } from './cli-error.ts';
import { readPairs } from './flags.ts';
import type { Io } from './io.ts';
import type { ReplayFlags } from './replay-flags.ts';
import { packageVersion } from './version.ts';

/** The live plugin's. */
const DEFAULT_SERVICE_NAME = 'hermes-agent';

/**
 * `--resource` beats `OTEL_RESOURCE_ATTRIBUTES`; `--service-name` and `OTEL_SERVICE_NAME` beat a `service.name` in
 * either, as the specification says. Phoenix files traces under `openinference.project.name`.
 */
export function originOf(
  flags: Pick<ReplayFlags, 'serviceName' | 'resource' | 'conventions'>,
  env: Io['env'],
): Origin {
  const attributes: Attributes = Object.fromEntries([
    ...fromVariable(env.OTEL_RESOURCE_ATTRIBUTES ?? ''),
    ...readPairs(flags.resource, '--resource'),
  ]);
  const serviceName = flags.serviceName ?? attributes['service.name'] ?? DEFAULT_SERVICE_NAME;
  attributes['service.name'] = serviceName;
  if (flags.conventions.includes('openinference')) attributes['openinference.project.name'] ??= serviceName;
  return { resource: { attributes }, scope: { name: 'hermes-otel', version: packageVersion() } };
}

/** `key=value,key=value`, percent-encoded (the specification's form). */
function fromVariable(text: string): [string, string][] {
  const pairs = text.split(',').filter((pair) => pair.trim() !== '');
  return [...readPairs(pairs, 'OTEL_RESOURCE_ATTRIBUTES')].map(([key, value]) => [
    decode(key),
    decode(value),
  ]);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new CliError('OTEL_RESOURCE_ATTRIBUTES has a "%" that is no percent-encoding: write it as %25.');
  }
}
