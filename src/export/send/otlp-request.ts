import { isJsonObject, type JsonObject, type JsonValue } from '../../model/json.ts';
import type { Signal } from '../../model/sink.ts';

/** One OTLP/JSON request, from a line of a file, whoever wrote it. */
export interface OtlpRequest {
  readonly signal: Signal;
  /** The members of `resourceSpans` or `resourceMetrics`. */
  readonly resources: readonly JsonValue[];
  /** Spans, or metric points. */
  readonly weight: number;
}

/** The words for a signal's levels in OTLP/JSON. */
export const LEVELS = {
  spans: { resources: 'resourceSpans', scopes: 'scopeSpans', items: 'spans' },
  'metric points': { resources: 'resourceMetrics', scopes: 'scopeMetrics', items: 'metrics' },
} as const;

const POINT_HOLDERS = ['gauge', 'sum', 'histogram', 'exponentialHistogram', 'summary'] as const;

/** The requests that a parsed line holds: usually one, none when it is something else. */
export function requestsIn(line: JsonValue): readonly OtlpRequest[] {
  if (!isJsonObject(line)) return [];
  return (['spans', 'metric points'] as const).flatMap((signal) => {
    const resources = line[LEVELS[signal].resources];
    return Array.isArray(resources) ? [otlpRequest(signal, resources)] : [];
  });
}

function otlpRequest(signal: Signal, resources: readonly JsonValue[]): OtlpRequest {
  const { weight } = takeRange(signal, resources, 0, Number.POSITIVE_INFINITY);
  return { signal, resources, weight };
}

export function toJson({ signal, resources }: OtlpRequest): JsonObject {
  return { [LEVELS[signal].resources]: resources };
}

/** Two requests that share its spans or points; `undefined` when it has fewer than two. */
export function halve({ signal, resources, weight }: OtlpRequest): readonly OtlpRequest[] | undefined {
  if (weight < 2) return undefined;
  const middle = Math.ceil(weight / 2);
  return [takeRange(signal, resources, 0, middle), takeRange(signal, resources, middle, weight)];
}

/** The spans or points from the `from`-th up to the `to`-th, below their own resource, scope and metric. */
function takeRange(signal: Signal, all: readonly JsonValue[], from: number, to: number): OtlpRequest {
  const { scopes, items } = LEVELS[signal];
  let next = 0;
  let weight = 0;

  function take(): boolean {
    const taken = next >= from && next < to;
    next += 1;
    if (taken) weight += 1;
    return taken;
  }

  const keepMetric = (metric: JsonValue): JsonObject | undefined => {
    if (!isJsonObject(metric)) return undefined;
    const holder = POINT_HOLDERS.find((name) => isJsonObject(metric[name]));
    if (holder === undefined) return undefined;
    const data = keepWithin(metric[holder], 'dataPoints', (point) => (take() ? point : undefined));
    return data && { ...metric, [holder]: data };
  };
  const keepItem = signal === 'spans' ? (span: JsonValue) => (take() ? span : undefined) : keepMetric;
  const resources = all.flatMap((resource) => {
    const kept = keepWithin(resource, scopes, (scope) => keepWithin(scope, items, keepItem));
    return kept === undefined ? [] : [kept];
  });
  return { signal, resources, weight };
}

/** An object with only those members of one of its lists that `keep` gives back; `undefined` without any. */
function keepWithin(
  value: JsonValue | undefined,
  listName: string,
  keep: (member: JsonValue) => JsonValue | undefined,
): JsonObject | undefined {
  const list = isJsonObject(value) ? value[listName] : undefined;
  if (!isJsonObject(value) || !Array.isArray(list)) return undefined;
  const kept = list.map(keep).filter((member) => member !== undefined);
  return kept.length === 0 ? undefined : { ...value, [listName]: kept };
}
