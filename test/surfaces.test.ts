import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from '@jest/globals';
import { convention } from '../src/conventions/convention.ts';
import {
  addWork,
  createWork,
  type Figures,
  figuresOf,
  headlineOf,
  type Work,
  workText,
} from '../src/model/figures.ts';
import type { AgentSpan } from '../src/model/span.ts';
import { plural } from '../src/model/units.ts';
import { checkBudgets, parseBudget } from '../src/view/budget.ts';
import { consoleSink } from '../src/view/console-sink.ts';
import { renderDiff } from '../src/view/diff-tables.ts';
import { sessionFigures } from '../src/view/session-figures.ts';
import { type Totals, totalsOf } from '../src/view/totals.ts';
import { renderSummaryMarkdown } from '../src/view/totals-tables.ts';
import { blocksOf, placedSpans, rootsOf } from '../src/view/tree.ts';
import { renderView } from '../src/view/view.ts';
import { totalsOf as pageTotals } from '../src/viewer/data/totals.ts';
import { tableOf } from './html/viewer/table.ts';
import { replayText } from './replayed.ts';
import { runMain } from './run-main.ts';

const RECORDINGS = new URL('../fixtures/recordings/', import.meta.url);
const LOGS = readdirSync(RECORDINGS, { recursive: true, encoding: 'utf8' }).filter((path) =>
  path.endsWith('.ndjson'),
);
const FOLDER = mkdtempSync(join(tmpdir(), 'surfaces-'));
afterAll(() => rmSync(FOLDER, { recursive: true }));
const WIDE = { columns: 1000, colors: undefined };

/** Every surface shows the figures of docs/glossary.md, of one log the same ones. */
describe.each(LOGS)('%s', (log) => {
  const { spans } = replayText(readFileSync(new URL(log, RECORDINGS), 'utf8'));
  const totals = totalsOf(spans);
  const { figures } = totals;
  const headline = headlineOf(figures.all, figures.time);

  test('counted one at a time, as replay does, and from the trees', () => {
    expect(rounded(totals.work)).toEqual(rounded(figures.all));
    expect(totals.sessionCount.count).toBe(figures.sessions);
  });

  test('session by session', () => {
    const blocks = blocksOf(spans);
    const rows = new Map(sessionFigures(totals.sessions).map((session) => [session.sessionId, session]));
    expect([...rows.keys()].sort()).toEqual(blocks.map(({ sessionId }) => sessionId).sort());
    for (const block of blocks) {
      const { all, inSubagents, inReviews } = figuresOf(placedSpans(rootsOf(block)));
      const row = rows.get(block.sessionId);
      expect(rounded(block.work)).toEqual(rounded(all));
      expect([row?.all, row?.inSubagents, row?.inReviews].map(rounded)).toEqual(
        [all, inSubagents, inReviews].map(rounded),
      );
    }
  });

  test('on the page', async () => {
    const table = await tableOf(spans);
    const whole = pageTotals(table, { from: 0, to: table.count });
    expect(comparable(whole)).toEqual(comparable(figures));
    const sum = table.sessions.map((session) => pageTotals(table, session).all).reduce(addWork, createWork());
    expect(rounded(sum)).toEqual(rounded(figures.all));
  });

  test('in the terminal, in Markdown and after a replay', async () => {
    const options = { ...WIDE, depth: undefined, only: undefined, slowMicros: undefined };
    const shown = [headline.time, headline.cost, headline.tokens, headline.errors];
    const live = shown.slice(1);
    expectAll(renderView(spans, { ...options, format: 'text' }), shown);
    expectAll(renderView(spans, { ...options, format: 'markdown' }), shown);
    expectAll(renderSummaryMarkdown(totals, []), live);
    let text = '';
    const write = (more: string) => {
      text += more;
    };
    const sink = consoleSink({ ...WIDE, write, traces: true, metrics: true });
    await sink.write(spans);
    await sink.finish();
    if (spans.length > 0) expectAll(text, live);
    const json = JSON.parse(renderView(spans, { ...options, format: 'json' }));
    expect(json.totals.figures).toMatchObject(JSON.parse(JSON.stringify(figures.all)));
  });

  test('in report.json and in the summary line', async () => {
    const report = join(FOLDER, 'report.json');
    const path = fileURLToPath(new URL(log, RECORDINGS));
    const output = ['-e', 'otlp_file', '-o', join(FOLDER, 'spans.ndjson')];
    const { err } = await runMain(['replay', '--no-cost', ...output, '--report', report, path]);
    const { sessions, all } = figures;
    const json = JSON.parse(readFileSync(report, 'utf8'));
    expect(json.figures).toMatchObject(JSON.parse(JSON.stringify({ sessions, ...all })));
    const counts = [plural(sessions, 'session'), workText(all)].filter((part) => part !== '');
    expect(err).toContain(`: ${counts.join(', ')} → ${plural(spans.length, 'span')}`);
  });

  test('in a diff and in budgets', () => {
    const names = { beforeName: 'a', afterName: 'b' };
    const diff = JSON.parse(renderDiff(spans, spans, { ...WIDE, ...names, format: 'json' }));
    const { all, sessions } = figures;
    const { input, cached, output } = all.tokens;
    const summary = Object.fromEntries(
      diff.summary.map(({ name, after }: { name: string; after: number }) => [name, after]),
    );
    expect(summary).toMatchObject({
      sessions,
      turns: all.turns,
      calls: all.calls,
      tools: all.tools,
      errors: all.errors,
      ...(input === 0 ? {} : { 'tokens in': input }),
      ...(output === 0 ? {} : { 'tokens out': output }),
    });
    expect(
      ['sessions', 'turns', 'calls', 'tools', 'errors', 'input_tokens', 'cached_tokens', 'output_tokens'].map(
        (name) => budgetValue(totals, name),
      ),
    ).toEqual([sessions, all.turns, all.calls, all.tools, all.errors, input, cached, output]);
  });

  test('in the metrics', () => {
    const measured = { input: 0, output: 0 };
    const { measure } = convention(['gen-ai'], { captureContent: false });
    for (const { instrument, value, attributes } of spans.flatMap((span) => measure(span))) {
      const type = attributes['gen_ai.token.type'];
      if (instrument === 'gen_ai.client.token.usage' && (type === 'input' || type === 'output'))
        measured[type] += value;
    }
    expect(measured).toEqual({ input: figures.all.tokens.input, output: figures.all.tokens.output });
  });
});

function expectAll(text: string, parts: readonly (string | undefined)[]): void {
  for (const part of parts) if (part !== undefined) expect(text.replaceAll('*', '')).toContain(part);
}

function comparable({ sessions, all, inSubagents, inReviews, time }: Figures) {
  return { sessions, time, work: [all, inSubagents, inReviews].map(rounded) };
}

/** Sums of dollars depend on their order by a last digit. */
function rounded(work: Work | undefined) {
  return work && { ...work, cost: work.cost?.toFixed(9) };
}

function budgetValue(totals: Totals, metric: string): number | undefined {
  const parsed = parseBudget(`${metric}>0`);
  if (parsed.kind === 'problem') throw new Error(parsed.message);
  return checkBudgets(totals, [parsed.budget])[0]?.value;
}

test('there are many logs, with everything that could be counted twice', () => {
  const all = LOGS.map((log) => replayText(readFileSync(new URL(log, RECORDINGS), 'utf8')).spans);
  const has = (claim: (span: AgentSpan) => boolean) => all.some((spans) => spans.some(claim));
  expect(LOGS.length).toBeGreaterThan(60);
  expect(has((span) => span.kind === 'subagent')).toBe(true);
  expect(has((span) => span.kind === 'turn' && span.background)).toBe(true);
  expect(has((span) => span.kind === 'session' && span.previousSessionId !== undefined)).toBe(true);
});
