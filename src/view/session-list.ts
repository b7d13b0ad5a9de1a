/** `sessions`: the sessions of a log as a table or as JSON, the newest first. */
import type { AgentSpan } from '../model/span.ts';
import { firstWords } from '../model/tool-text.ts';
import { count, duration, money } from '../model/units.ts';
import { type Page, piece } from './page.ts';
import { presentable } from './presentable.ts';
import { clockTime } from './rows.ts';
import { select } from './selection.ts';
import { type SessionFigures, sessionFigures } from './session-figures.ts';
import { type Column, renderTable } from './table.ts';
import { figuresJson, type LogTotals, totalsOf } from './totals.ts';
import { renderLogHeadline } from './totals-tables.ts';
import { blocksOf } from './tree.ts';
import { shown, visible, visibleJson } from './visible.ts';

export interface SessionListOptions extends Page {
  readonly json: boolean;
  /** Only sessions in which a name or a text contains this. */
  readonly grep: string | undefined;
}

/** The text ends with a line feed. */
export function renderSessions(spans: readonly AgentSpan[], options: SessionListOptions): string {
  const safe = presentable(spans);
  const totals = totalsOf(safe);
  const sessions = wanted(safe, totals, options).toSorted((a, b) => b.startTime - a.startTime);
  if (options.json) {
    return `${visibleJson(sessions.map(({ sessionId, title, startTime, micros, ...figures }) => ({ sessionId, title, startTime, micros, ...figuresJson(figures) })))}\n`;
  }
  const lines =
    sessions.length === 0
      ? [options.grep === undefined ? 'no sessions' : shown`no session contains "${options.grep}"`]
      : [...renderTable(options, columnsOf(sessions), sessions), '', ...renderLogHeadline(options, totals)];
  return lines.map((line) => `${line}\n`).join('');
}

function wanted(spans: readonly AgentSpan[], totals: LogTotals, { grep }: SessionListOptions) {
  const sessions = totals.sessions === undefined ? [] : sessionFigures(totals.sessions);
  if (grep === undefined) return sessions;
  const found = select(
    blocksOf(spans),
    { grep, depth: undefined, only: undefined, slowMicros: undefined },
    totals,
  );
  const ids = new Set(found.map(({ sessionId }) => sessionId));
  return sessions.filter(({ sessionId }) => ids.has(sessionId));
}

function columnsOf(sessions: readonly SessionFigures[]): readonly Column<SessionFigures>[] {
  const any = (has: (session: SessionFigures) => unknown) => sessions.some(has);
  return [
    { title: shown`session`, dispensable: 0, cell: ({ sessionId }) => piece(visible(sessionId), 'session') },
    {
      title: shown`started`,
      dispensable: 4,
      cell: ({ startTime }) => piece(shown`${clockTime(startTime)}`, 'dim'),
    },
    ...(any(({ title }) => title) ? [FIRST_WORDS] : []),
    { title: shown`duration`, dispensable: 3, cell: ({ micros }) => piece(shown`${duration(micros)}`) },
    { title: shown`turns`, dispensable: 2, cell: ({ all }) => piece(shown`${count(all.turns)}`) },
    ...(any(({ all }) => all.tokens.input + all.tokens.output) ? [TOKENS] : []),
    ...(any(({ all }) => all.cost) ? [COST] : []),
    {
      title: shown`errors`,
      dispensable: 0,
      cell: ({ all: { errors } }) => piece(shown`${count(errors)}`, errors === 0 ? 'dim' : 'error'),
    },
  ];
}

const FIRST_WORDS: Column<SessionFigures> = {
  title: shown`first words`,
  dispensable: 1,
  fromLog: true,
  cell: ({ title }) => piece(shown`${firstWords(title) ?? ''}`),
};

const TOKENS: Column<SessionFigures> = {
  title: shown`tokens`,
  dispensable: 2,
  cell: ({ all: { tokens } }) => piece(shown`${count(tokens.input)}→${count(tokens.output)}`),
};

const COST: Column<SessionFigures> = {
  title: shown`cost`,
  dispensable: 0,
  cell: ({ all: { cost } }) => piece(cost === undefined ? shown`` : shown`${money(cost)}`),
};
