import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { markdownTable } from 'markdown-table';
import { CONVENTION_NAMES, type ConventionName } from '../../src/conventions/names.ts';
import { RECEIVER_NAMES, RECEIVERS } from '../../src/conventions/receivers.ts';
import { expectGolden } from '../golden-file.ts';
import { JUDGES } from './judges.ts';
import { pricedText } from './priced.ts';
import { type Verdict, verdicts } from './verdict.ts';

const LOG = new URL('../../fixtures/receivers/every-usage/input.ndjson', import.meta.url);
const PAGE = new URL('../../docs/backends.md', import.meta.url);

const spans = await pricedText(readFileSync(LOG, 'utf8'));

const CHOICES: readonly (readonly ConventionName[])[] = [
  ...CONVENTION_NAMES.map((name) => [name]),
  ['gen-ai', 'openinference'],
  ['hermes', 'gen-ai'],
  ['hermes', 'openinference'],
];

function judged(receiver: keyof typeof JUDGES, names: readonly ConventionName[], adapted = false) {
  const options = { captureContent: true, receiver: adapted ? receiver : undefined };
  return verdicts(JUDGES[receiver], spans, names, options);
}

function withVerdict(map: ReadonlyMap<string, Verdict>, verdict: Verdict): readonly string[] {
  return [...map].filter(([, found]) => found === verdict).map(([aspect]) => aspect);
}

test('there is a judge for each receiver of --for', () => {
  expect(Object.keys(JUDGES)).toEqual([...RECEIVER_NAMES]);
});

test('the log has every kind of usage', () => {
  const calls = spans.filter((span) => span.kind === 'api_call' || span.kind === 'auxiliary_call');
  expect(calls.some(({ usage }) => usage?.cacheReadTokens === 9000)).toBe(true);
  expect(calls.some(({ usage }) => usage?.reasoningTokens === 10)).toBe(true);
  expect(calls.some(({ error }) => error !== undefined)).toBe(true);
  expect(new Set(spans.map(({ kind }) => kind)).size).toBe(6);
});

describe.each(RECEIVER_NAMES)('%s', (receiver) => {
  test('shows with --for everything that it has a place for', () => {
    const { conventions } = RECEIVERS[receiver];
    const found = judged(receiver, conventions, true);
    expect(Object.fromEntries(found)).toEqual(
      Object.fromEntries([...found.keys()].map((key) => [key, 'right'])),
    );
  });
});

/** What no choice of names can mend, and `--for` does. */
const MISREAD: Readonly<Record<string, readonly string[]>> = {
  // The live plugin's own names: input without cached tokens, and a system that is no provider.
  'langsmith hermes': ['provider'],
  'langsmith hermes,gen-ai': ['provider'],
  'langsmith hermes,openinference': ['provider'],
  // SigNoz takes each span with a model for a call; under gen-ai those have sums of tokens too.
  'signoz hermes': ['kinds', 'tokens'],
  'signoz gen-ai': ['kinds', 'tokens'],
  'signoz gen-ai-latest': ['kinds'],
  'signoz gen-ai,openinference': ['kinds', 'tokens'],
  'signoz hermes,gen-ai': ['kinds', 'tokens'],
  'signoz hermes,openinference': ['kinds'],
};

/** Alone, the live plugin's names count input without cached tokens: less than was used, and never contradicted. */
const UNCACHED_INPUT = ['langfuse', 'phoenix', 'signoz', 'langsmith', 'datadog', 'honeycomb', 'mlflow'];

describe.each(RECEIVER_NAMES)('%s misreads nothing', (receiver) => {
  test.each(CHOICES.map((names) => names.join()))('under %s', (names) => {
    const wrong = withVerdict(judged(receiver, names.split(',') as ConventionName[]), 'wrong');
    const known = new Set(MISREAD[`${receiver} ${names}`] ?? []);
    if (names === 'hermes' && UNCACHED_INPUT.includes(receiver)) known.add('tokens');
    expect(wrong.toSorted()).toEqual([...known].toSorted());
  });
});

test('docs/backends.md has the table of these tests; UPDATE_GOLDEN=1 writes it', () => {
  const rows = RECEIVER_NAMES.map((receiver) => [
    receiver,
    ...CHOICES.map((names) => cell(judged(receiver, names))),
    `\`${RECEIVERS[receiver].conventions.join()}\``,
  ]);
  const head = ['', ...CHOICES.map((names) => `\`${names.join()}\``), '`--for` takes'];
  const page = readFileSync(PAGE, 'utf8');
  const marked = /<!-- generated: conventions -->[\s\S]*?<!-- end -->/;
  expect(page).toMatch(marked);
  const table = markdownTable([head, ...rows]);
  expectGolden(
    PAGE,
    page.replace(marked, () => `<!-- generated: conventions -->\n\n${table}\n\n<!-- end -->`),
  );
});

function cell(found: ReadonlyMap<string, Verdict>): string {
  const [wrong, missing] = [withVerdict(found, 'wrong'), withVerdict(found, 'missing')];
  const parts = [
    ...(wrong.length > 0 ? [`**wrong: ${wrong.join(', ')}**`] : []),
    ...(missing.length > 0 ? [`no ${missing.join(', ')}`] : []),
  ];
  return parts.length === 0 ? 'all' : parts.join('; ');
}
