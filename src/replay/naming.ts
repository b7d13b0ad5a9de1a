/** A span as an object of the OpenTelemetry SDK, under chosen names. */
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { type Convention, convention } from '../conventions/convention.ts';
import { type SdkOrigin, toSdkOrigin, toReadableSpan as toSdkSpan } from '../export/readable.ts';
import type { AgentSpan } from '../model/span.ts';
import type { ReplayOptions } from './options.ts';
import { originOf } from './origin.ts';

/** How spans are named, and who they are from: the same options as those of `replay`. */
export type Naming = Pick<ReplayOptions, 'conventions' | 'captureContent' | 'dropAttributes' | 'resource'>;

/** Made once per naming object: the SDK groups spans by the identity of their resource. */
const made = new WeakMap<Naming, { readonly names: Convention; readonly origin: SdkOrigin }>();
const DEFAULT_NAMING: Naming = {};

/**
 * The span as the exporters of the SDK take it. Pass the same `naming` object for all spans of a run.
 * A double that is a whole number becomes an integer, as the SDK cannot distinguish the two.
 */
export function toReadableSpan(span: AgentSpan, naming: Naming = DEFAULT_NAMING): ReadableSpan {
  const { names, origin } = made.get(naming) ?? remember(naming);
  return toSdkSpan(names.toSpan(span), origin);
}

function remember(naming: Naming) {
  const { conventions = ['hermes'], captureContent = false, dropAttributes, resource } = naming;
  const entry = {
    names: convention(conventions, { captureContent, dropAttributes }),
    origin: toSdkOrigin(originOf(resource, conventions)),
  };
  made.set(naming, entry);
  return entry;
}
