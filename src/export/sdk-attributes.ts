import type { Attributes as SdkAttributes, AttributeValue as SdkValue } from '@opentelemetry/api';
import type { Attributes, AttributeValue } from '../model/otel.ts';

/**
 * Our attributes as the SDK has them. The SDK tells integers and doubles apart by their value alone, so a double that
 * happens to be whole becomes an integer on the SDK's path; our own encoders keep it a double.
 */
export function toSdkAttributes(attributes: Attributes): SdkAttributes {
  return isSdkAttributes(attributes) ? attributes : convert(attributes);
}

function isSdkAttributes(attributes: Attributes): attributes is { [key: string]: string | number | boolean } {
  for (const key in attributes) if (typeof attributes[key] === 'object') return false;
  return true;
}

function convert(attributes: Attributes): SdkAttributes {
  return Object.fromEntries(Object.entries(attributes).map(([key, value]) => [key, toSdkValue(value)]));
}

function toSdkValue(value: AttributeValue): SdkValue {
  if (typeof value !== 'object') return value;
  return 'double' in value ? value.double : [...value];
}

/** The way back, for what the SDK aggregated: lists of strings stay lists, a number with a fraction is a double. */
export function fromSdkAttributes(attributes: SdkAttributes): Attributes {
  const out: Attributes = {};
  for (const [key, value] of Object.entries(attributes)) {
    const ours = fromSdkValue(value);
    if (ours !== undefined) out[key] = ours;
  }
  return out;
}

function fromSdkValue(value: SdkValue | undefined): AttributeValue | undefined {
  if (typeof value === 'number') return Number.isInteger(value) ? value : { double: value };
  if (Array.isArray(value)) return value.map(String);
  return typeof value === 'object' ? undefined : value;
}
