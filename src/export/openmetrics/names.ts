import type { Attributes, AttributeValue, Instrument } from '../../model/otel.ts';

/**
 * OpenTelemetry's names as Prometheus has them: the very names that the Collector's prometheus exporter gives with
 * `namespace: hermes`, so that one dashboard reads both.
 * https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/
 */

const NAMESPACE = 'hermes';

/** UCUM → the word that a Prometheus name ends with. A unit in braces is a remark and has none. */
const UNIT_WORDS: Readonly<Record<string, string>> = {
  s: 'seconds',
  ms: 'milliseconds',
  By: 'bytes',
  '1': 'ratio',
};

/** The metric family of an instrument. Its samples add `_total`, or `_bucket`, `_sum` and `_count`. */
export function familyName({ name, unit }: Instrument): string {
  const word = unitWord(unit);
  const base = `${NAMESPACE}_${sanitized(name)}`;
  return word === undefined || base.endsWith(`_${word}`) ? base : `${base}_${word}`;
}

/** `undefined` for a unit without a word of its own. */
export function unitWord(unit: string): string | undefined {
  return UNIT_WORDS[unit];
}

/** `{a="1",b="2"}` without the braces, sorted by name; '' when there are none. */
export function labels(attributes: Attributes): string {
  return Object.entries(attributes)
    .map(([key, value]) => `${labelName(key)}="${escaped(text(value))}"`)
    .sort()
    .join(',');
}

function labelName(key: string): string {
  const name = sanitized(key);
  return /^\d/.test(name) ? `key_${name}` : name;
}

/** No colons: they are for recording rules. */
function sanitized(name: string): string {
  return name.replaceAll(/[^a-zA-Z0-9_]+/g, '_');
}

function text(value: AttributeValue): string {
  if (typeof value !== 'object') return String(value);
  return 'double' in value ? String(value.double) : JSON.stringify(value);
}

/** Escapes the three characters that end a label value, a help text or its line. */
export function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
