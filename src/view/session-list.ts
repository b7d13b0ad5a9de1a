/** `sessions`: the sessions of a log as a table or as JSON, the newest first. */
import type { AgentSpan } from '../model/span.ts';
import { firstWords } from '../model/tool-text.ts';
import { count, duration } from '../model/units.ts';
import { shown, visibleJson } from '../model/visible.ts';
import { consumedColumns } from './figure-columns.ts';
import { type Page, piece } from './page.ts';
import { presentable } from './presentable.ts';
import { clockTime } from './rows.ts';
import { select } from './selection.ts';
import { type SessionFigures, sessionFigures } from './session-figures.ts';
import { type Column, column, renderTable } from './table.ts';
import { figuresJson, type LogTotals, totalsOf } from './totals.ts';
import { renderLogHeadline } from './totals-tables.ts';
import { blocksOf } from './tree.ts';

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
  const sessions = sessionFigures(totals.sessions);
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
  return [
    column('session', 0, ({ sessionId }) => piece(sessionId, 'session')),
    column('started', 4, ({ startTime }) => piece(clockTime(startTime), 'dim')),
    ...(sessions.some(({ title }) => title) ? [FIRST_WORDS] : []),
    column('duration', 3, ({ micros }) => piece(duration(micros))),
    column('turns', 2, ({ all }) => piece(count(all.turns))),
    ...consumedColumns(sessions, ({ all }) => all, { tokens: 2, cost: 0 }),
    column('errors', 0, ({ all: { errors } }) => piece(count(errors), errors === 0 ? 'dim' : 'error')),
  ];
}

const FIRST_WORDS: Column<SessionFigures> = {
  ...column('first words', 1, ({ title }) => piece(firstWords(title) ?? '')),
  fromLog: true,
};
