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
