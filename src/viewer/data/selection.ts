import { headlineOf, workText } from '../../model/figures.ts';
import { codeSpan, cut } from '../../model/safe-text.ts';
import type { Store } from '../state.ts';
import { conversationOf, type Step } from './conversation.ts';
import { kindOf, labelOf, noteOf } from './labels.ts';
import { listedSessions } from './session-order.ts';
import { at, attributesOf, end, isError, numberFact, type SpanTable, text } from './table.ts';
import { type Range, tokensOf, totalsOf } from './totals.ts';
import { duration, exactTime, visible, visibleJson } from './words.ts';

/** What an export writes: of each session the spans that are shown. */
export interface Selection {
  readonly range: Range;
  readonly spans: readonly number[];
}

/** The matches of a filter, else the span whose details are open and everything below it, else all that is listed. */
export function selectionOf(store: Store): readonly Selection[] {
  const { table } = store;
  const matches = store.matches.value;
  const selected = store.selected.value;
  const session = store.current.value;
  const ranges: readonly Range[] =
    session === undefined
      ? listedSessions(store).flatMap((index) => table.sessions[index] ?? [])
      : matches === undefined && selected >= 0
        ? [{ from: selected, to: selected + at(table.size, selected) }]
        : [session];
  return ranges.map((range) => {
    const all = Array.from({ length: range.to - range.from }, (_, index) => range.from + index);
    return { range, spans: matches === undefined ? all : all.filter((span) => matches[span] === 1) };
  });
}

/** For scripts: fields as in `view --format json`, and attributes as receivers get them. */
export function jsonOf(store: Store): string {
  const spans = selectionOf(store).flatMap((selection) => selection.spans);
  const { title, generator } = store.about;
  const all = { title, generator, spans: spans.map((span) => spanJson(store.table, span)) };
  return `${visibleJson(all)}\n`;
}

function spanJson(table: SpanTable, span: number): object {
  const parentId = at(table.parentId, span);
  return {
    name: labelOf(table, span),
    kind: kindOf(table, span),
    traceId: text(table, at(table.trace, span)),
    spanId: text(table, at(table.id, span)),
    parentSpanId: parentId < 0 ? undefined : text(table, parentId),
    sessionId: text(table, at(table.session, span)),
    startTime: at(table.start, span),
    endTime: end(table, span),
    durationMicros: at(table.duration, span),
    isError: isError(table, span),
    tokens: tokensOf(table, span),
    cost: numberFact(table, span, 'cost'),
    attributes: Object.fromEntries(attributesOf(table, span)),
    events: table.events.get(span),
    links: table.links.get(span),
  };
}

/** Rows of a list in Markdown before the rest is left out. */
const MOST_ROWS = 2000;
/** UTF-16 units of a text in a list. */
const MOST_CHARS = 2000;

/** For a ticket: of each session the figures, and the conversation; of matches, a list. */
export function markdownOf(store: Store): string {
  const { table } = store;
  return selectionOf(store)
    .filter(({ spans }) => spans.length > 0)
    .map(({ range, spans }) => {
      const { all, time } = totalsOf(table, range);
      const { time: took, cost, tokens, errors } = headlineOf(all, time);
      const head = [
        `## ${foreign(labelOf(table, range.from))}`,
        '',
        `${foreign(text(table, at(table.session, range.from)))}, ${exactTime(at(table.start, range.from))}`,
        '',
        [workText(all), took, cost, tokens, errors].filter(Boolean).join(' · '),
        '',
      ];
      const steps = spans.length < range.to - range.from ? [] : said(store, range);
      const rows = steps.length > 0 ? steps.map(stepRow) : spans.map((span) => spanRow(store, span));
      const more = rows.length > MOST_ROWS ? [`- … ${rows.length - MOST_ROWS} more`] : [];
      return [...head, ...rows.slice(0, MOST_ROWS), ...more, ''].join('\n');
    })
    .join('\n');
}

/** The conversation, if it has more than the names of tools. */
function said({ table, marks }: Store, { from, to }: Range): readonly Step[] {
  const steps: Step[] = [];
  for (let root = from; root < to; root += at(table.size, root))
    steps.push(...conversationOf(table, marks, root));
  return steps.some(({ kind }) => kind === 'prompt' || kind === 'answer' || kind === 'agent') ? steps : [];
}

function stepRow({ kind, text: words, level }: Step): string {
  return `${'  '.repeat(level)}- ${kind}: ${foreign(words)}`;
}

function spanRow({ table, marks }: Store, span: number): string {
  const facts = [duration(at(table.duration, span)), isError(table, span) ? 'error' : ''];
  const words = [foreign(labelOf(table, span)), ...facts, foreign(noteOf(table, marks, span))];
  return `${'  '.repeat(at(table.depth, span))}- ${words.filter(Boolean).join(' · ')}`;
}

/** Text of the log as code in one line, where Markdown reads no markup. */
function foreign(words: string): string {
  return codeSpan(visible(cut(words, MOST_CHARS).replace(/\s*[\r\n]+\s*/g, ' ↵ ')));
}
