import { expect, test } from '@jest/globals';
import { runMain } from '../run-main.ts';

// Metrics are computed from the very spans that are exported: what one says, the other must say too.
const LOGS = [
  '0.19.0/bg-review-overlap',
  '0.16.0/compress-rotate',
  '0.19.0/delegate-cli-background',
  '0.14.0/api-retries',
];

interface Attribute {
  readonly key: string;
  readonly value: { readonly intValue?: string; readonly stringValue?: string; readonly boolValue?: boolean };
}
interface Span {
  readonly name: string;
  readonly attributes: readonly Attribute[];
}
interface Point {
  readonly attributes: readonly Attribute[];
  readonly asInt?: string;
  readonly asDouble?: number;
  readonly count?: string;
  readonly sum?: number;
}

async function exported(log: string) {
  const { out } = await runMain([
    'replay',
    '-q',
    '-e',
    'otlp_file',
    `fixtures/recordings/${log}/flat.ndjson`,
  ]);
  const requests = out
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
  const spans: Span[] = requests
    .flatMap((request) => request.resourceSpans ?? [])
    .flatMap(({ scopeSpans }) => scopeSpans)
    .flatMap((scope) => scope.spans);
  // Cumulative: the last snapshot holds everything. Several may share a request.
  const last = requests.flatMap((request) => request.resourceMetrics ?? []).at(-1);
  const { metrics } = last.scopeMetrics[0];
  const pointsOf = (name: string): Point[] => {
    const metric = metrics.find((each: { name: string }) => each.name === name);
    return metric?.histogram?.dataPoints ?? metric?.sum?.dataPoints ?? [];
  };
  return { spans, pointsOf };
}

const attributeOf = ({ attributes }: { readonly attributes: readonly Attribute[] }, key: string) =>
  attributes.find((attribute) => attribute.key === key)?.value;
const total = (values: readonly (number | undefined)[]) =>
  values.reduce<number>((sum, value) => sum + (value ?? 0), 0);

test.each(LOGS)('%s: sums and counts of the metrics agree with the spans', async (log) => {
  const { spans, pointsOf } = await exported(log);
  const tokens = (type: string) =>
    total(
      pointsOf('gen_ai.client.token.usage')
        .filter((point) => attributeOf(point, 'gen_ai.token.type')?.stringValue === type)
        .map(({ sum }) => sum),
    );
  const reported = (key: string) =>
    total(
      spans
        .filter(({ name }) => name.startsWith('chat '))
        .map((span) => Number(attributeOf(span, key)?.intValue ?? 0)),
    );
  expect(tokens('input')).toBe(reported('gen_ai.usage.input_tokens'));
  expect(tokens('output')).toBe(reported('gen_ai.usage.output_tokens'));
  const turns = spans.filter(({ name }) => name === 'hermes.turn');
  expect(total(pointsOf('hermes.turn.duration').map(({ count }) => Number(count)))).toBe(turns.length);
  expect(total(pointsOf('hermes.turn.api_call_count').map(({ sum }) => sum))).toBe(
    total(turns.map((turn) => Number(attributeOf(turn, 'hermes.turn.api_call_count')?.intValue))),
  );
  expect(total(pointsOf('hermes.tool.duration').map(({ count }) => Number(count)))).toBe(
    spans.filter(({ name }) => name.startsWith('hermes.tool.')).length,
  );
  const ordinary = turns.filter((turn) => attributeOf(turn, 'hermes.turn.background')?.boolValue !== true);
  expect(
    total(pointsOf('hermes.session.turn_count').map(({ asInt, asDouble }) => Number(asInt ?? asDouble))),
  ).toBe(ordinary.length);
});
