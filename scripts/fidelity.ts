/** The table in docs/fidelity.md: what a replay makes of each genuine recording, beside Hermes's own token totals. */
import { readdirSync, readFileSync } from 'node:fs';
import { markdownTable } from 'markdown-table';
import type { AgentSpan, ApiCallSpan, AuxiliaryCallSpan } from '../src/model/span.ts';
import { parseLine } from '../src/parse/parse-line.ts';
import { DEFAULT_OPTIONS } from '../src/reconstruct/options.ts';
import { createState } from '../src/reconstruct/state.ts';
import { finish, ingest } from '../src/replay/ingest.ts';
import { assertAccounted, createReport, spanCount } from '../src/replay/report.ts';
import { kindsTable } from './fidelity-kinds.ts';

const ROOT = new URL('../fixtures/recordings/', import.meta.url);

/** What is summed: the field of a usage, and Hermes's name for it. */
const COUNTS = {
  inputTokens: 'input_tokens',
  outputTokens: 'output_tokens',
  cacheReadTokens: 'cache_read_tokens',
  cacheWriteTokens: 'cache_write_tokens',
  reasoningTokens: 'reasoning_tokens',
} as const;

type Sums = Readonly<Record<(typeof COUNTS)[keyof typeof COUNTS], number>>;
type Totals = Readonly<Record<string, Readonly<Record<string, readonly (Sums & { readonly id: string })[]>>>>;

/** The page as it should be now. */
export function fidelityPage(): string {
  const totals: Totals = JSON.parse(readFileSync(new URL('totals.json', ROOT), 'utf8'));
  const rows = recordings().map((name) => rowOf(name, totals));
  const compared = rows.reduce((sum, row) => sum + row.sessions, 0);
  const equal = rows.reduce((sum, row) => sum + row.equal, 0);
  return [
    '# How true the replay is',
    '',
    'Made by `npm run fidelity` from the recordings in `fixtures/recordings`; `npm test` fails when it is out of date.',
    '',
    `**Every line of ${rows.length} recordings is accounted for, no span is an orphan in ${rows.filter(({ orphans }) => orphans === 0).length} of ${rows.length}, and the token sums of ${equal} of ${compared} sessions (most of them reported by two recorders) equal those of Hermes's own database.**`,
    '',
    '_merged_ lines say again what another line said; _unmapped_ are hooks that are no part of a span; _other_ are test payloads, unknown hooks and',
    'lines that hold no event. Tokens are those of the sessions in the database: uncached input, output. Turns of the background review are set',
    'aside, as Hermes does.',
    '',
    markdownTable([HEADER, ...rows.map(({ cells }) => cells)], {
      align: ['l', ...HEADER.slice(1).map(() => 'r')],
    }),
    '',
    '## Logs that people really have',
    '',
    'The kinds of fault that public reports and genuine gateways show. The rules are in [mapping.md](mapping.md#logs-that-people-really-have); 41 genuine logs of',
    'gateways are judged by [a test of their own](../test/reconstruct/gateway.test.ts). _ids_: how many different ids the spans have.',
    '',
    kindsTable(),
    '',
  ].join('\n');
}

const HEADER = [
  'recording',
  'lines',
  'mapped',
  'merged',
  'unmapped',
  'other',
  'lost',
  'spans',
  'incomplete',
  'orphans',
  'diagnostics',
  'input',
  'output',
  'equal to Hermes',
];

function recordings(): string[] {
  return readdirSync(ROOT, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ndjson'))
    .map((file) => file.replaceAll('\\', '/'))
    .toSorted();
}

function rowOf(name: string, totals: Totals) {
  const { report, spans } = replay(readFileSync(new URL(name, ROOT), 'utf8'));
  const { mapped, merged, unmapped, unknown, test, blank, malformed, untimed, unplaced } = report.account;
  const known = new Set(spans.map(({ spanId }) => spanId));
  const orphans = spans.filter(
    ({ parentSpanId }) => parentSpanId !== undefined && !known.has(parentSpanId),
  ).length;
  const [version = '', scenario = ''] = name.split('/');
  const hermes = totals[version]?.[scenario] ?? [];
  const sums = hermes.map(({ id }) => sumsOf(spans, id));
  const equal = hermes.filter((row, index) =>
    Object.values(COUNTS).every((count) => row[count] === sums[index]?.[count]),
  ).length;
  const sum = (count: keyof Sums) => sums.reduce((total, one) => total + one[count], 0);
  const diagnostics = [...report.diagnosticCounts.values()].reduce((all, count) => all + count, 0);
  const cells = [
    name.replace('.ndjson', ''),
    report.lines,
    mapped,
    merged,
    unmapped,
    unknown + test + blank,
    malformed + untimed + unplaced,
    spanCount(report),
    report.incomplete,
    orphans,
    diagnostics,
    ...(hermes.length === 0
      ? ['–', '–', '–']
      : [sum('input_tokens'), sum('output_tokens'), `${equal} of ${hermes.length}`]),
  ].map(String);
  return { cells, orphans, sessions: hermes.length, equal };
}

function replay(text: string) {
  const report = createReport(1);
  const reading = { report, state: createState(DEFAULT_OPTIONS) };
  const lines = text.split('\n').slice(0, -1);
  const parsed = lines.map((line, index) =>
    parseLine(
      { text: line, source: 'log', line: index + 1, endOffsetBytes: 0, damage: undefined },
      { content: false },
    ),
  );
  const spans = [...ingest(reading, parsed).spans, ...finish(reading).spans];
  assertAccounted(report);
  return { report, spans };
}

/** Over the calls of one session, background turns set aside. What was not reported is 0 in the database. */
function sumsOf(spans: readonly AgentSpan[], sessionId: string): Sums {
  const calls = spans.filter(isCall).filter((span) => span.sessionId === sessionId && !span.background);
  const sum = (field: keyof typeof COUNTS) =>
    calls.reduce((total, call) => total + (call.usage?.[field] ?? 0), 0);
  return {
    input_tokens: sum('inputTokens'),
    output_tokens: sum('outputTokens'),
    cache_read_tokens: sum('cacheReadTokens'),
    cache_write_tokens: sum('cacheWriteTokens'),
    reasoning_tokens: sum('reasoningTokens'),
  };
}

function isCall(span: AgentSpan): span is ApiCallSpan | AuxiliaryCallSpan {
  return span.kind === 'api_call' || span.kind === 'auxiliary_call';
}
