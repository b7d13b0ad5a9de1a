/** Who a replay's data is from: the resource and the scope of everything that it sends. */

import { createRequire } from 'node:module';
import type { ConventionName } from '../conventions/names.ts';
import type { Attributes, Origin } from '../model/otel.ts';

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

/** The version of this package, as its `package.json` says. */
export function packageVersion(): string {
  const read: { readonly version: string } = createRequire(import.meta.url)('../../package.json');
  return read.version;
}
