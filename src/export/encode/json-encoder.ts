import type { MetricSnapshot } from '../../model/otel.ts';
import { jsonResourceMetrics } from './json-metrics.ts';
import type { Origin, RequestEncoder } from './request-encoder.ts';

/** An encoder of JSON text; one request is one line. */
export interface JsonEncoder<Item> extends RequestEncoder<Item> {
  /** A request of these items alone, as text without a line end. */
  line(items: readonly Item[]): string;
}

/** `ExportMetricsServiceRequest`s with one `resourceMetrics` for each snapshot. */
export function jsonMetricEncoder(origin: Origin): JsonEncoder<MetricSnapshot> {
  return listEncoder('{"resourceMetrics":[', ']}', (snapshot) =>
    JSON.stringify(jsonResourceMetrics(snapshot, origin)),
  );
}

/** @param encode an item as one member of the list between `head` and `tail`, or as several with commas between */
export function listEncoder<Item>(
  head: string,
  tail: string,
  encode: (item: Item) => string,
): JsonEncoder<Item> {
  const frameBytes = Buffer.byteLength(head) + Buffer.byteLength(tail);
  let parts: string[] = [];
  let partBytes = 0;
  return {
    contentType: 'application/json',
    add(item, maxBytes) {
      const text = encode(item);
      const bytes = partBytes + Buffer.byteLength(text);
      if (frameBytes + bytes + parts.length > maxBytes) return false;
      parts.push(text);
      partBytes = bytes;
      return true;
    },
    sizeBytes: () => (parts.length === 0 ? 0 : frameBytes + partBytes + parts.length - 1),
    finish() {
      const body = Buffer.from(`${head}${parts.join()}${tail}`);
      parts = [];
      partBytes = 0;
      return body;
    },
    line: (items) => `${head}${items.map(encode).join()}${tail}`,
  };
}
