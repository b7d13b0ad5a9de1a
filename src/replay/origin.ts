/** Who a replay's data is from: the resource and the scope of everything that it sends. */
import type { ConventionName } from '../conventions/names.ts';
import type { Attributes, Origin } from '../model/otel.ts';
import { packageVersion } from './version.ts';

/** The live plugin's. */
const DEFAULT_SERVICE_NAME = 'hermes-agent';

/** Phoenix files traces under `openinference.project.name`. */
export function originOf(resource: Attributes | undefined, conventions: readonly ConventionName[]): Origin {
  const attributes: Attributes = { ...resource };
  attributes['service.name'] ??= DEFAULT_SERVICE_NAME;
  if (conventions.includes('openinference')) {
    attributes['openinference.project.name'] ??= attributes['service.name'];
  }
  return { resource: { attributes }, scope: { name: 'hermes-otel', version: packageVersion() } };
}
