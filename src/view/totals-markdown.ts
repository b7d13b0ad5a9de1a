import { renderMarkdownTable } from './markdown.ts';
import { sessionColumns, sessionTotalsRows } from './session-totals.ts';
import type { Totals } from './totals.ts';
import { seriesColumns, seriesTables } from './totals-rows.ts';
import { plural } from './units.ts';

/** At most this many sessions in a table: a comment on a pull request holds 65,536 characters. */
const MAX_SESSIONS = 50;

/** `2 sessions, 5 turns, 12 API calls, 8 tool calls, **1 error**`. */
export function renderHeadline({ kinds }: Totals): string {
  const errors = Object.values(kinds).reduce((sum, series) => sum + series.errors, 0);
  return [
    plural(kinds.session.count, 'session'),
    plural(kinds.turn.count, 'turn'),
    plural(kinds.api_call.count, 'API call'),
    plural(kinds.tool_call.count, 'tool call'),
    errors === 0 ? 'no errors' : `**${plural(errors, 'error')}**`,
  ].join(', ');
}

/** The tables by kind, model, tool and session, for a job summary or a comment. */
export function renderTotalsMarkdown(totals: Totals): string {
  const sessions = sessionTotalsRows(totals);
  const shownSessions = sessions.slice(0, MAX_SESSIONS);
  const tables = [
    ...seriesTables(totals).map(({ title, rows }) => renderMarkdownTable(seriesColumns(title, rows), rows)),
    ...(sessions.length === 0 ? [] : [renderMarkdownTable(sessionColumns(shownSessions), shownSessions)]),
    ...(sessions.length > MAX_SESSIONS ? [`… ${plural(sessions.length - MAX_SESSIONS, 'more row')}`] : []),
  ];
  return tables.join('\n\n');
}
