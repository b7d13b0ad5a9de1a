import type { AgentSpan, SessionSpan } from '../model/span.ts';
import { workOf } from './label.ts';
import { line, type Page, spaced } from './page.ts';
import { type Piece, piece } from './paint.ts';
import { tokenPieces } from './token-count.ts';
import { clockTime, duration } from './units.ts';
import { shown, visible } from './visible.ts';

/** Above a session's first turn. `first` is whatever of it came first: a turn, or the session itself. */
export function sessionHeader(page: Page, sessionId: string, first: AgentSpan): string {
  const { platform, model } = first.kind === 'session' || first.kind === 'turn' ? first : NOTHING;
  const time = first.syntheticTime ? 'no recorded times' : clockTime(first.startTime);
  const facts = [time, platform, model];
  return line(
    page,
    spaced([
      piece(shown`session ${sessionId}`, 'session'),
      ...facts.filter((fact) => fact !== undefined).map((fact) => piece(visible(fact), 'dim')),
    ]),
  );
}

const NOTHING = { platform: undefined, model: undefined };

/** When another session was printed in between. */
export function sessionReminder(page: Page, sessionId: string): string {
  return line(page, [piece(shown`session ${sessionId}`, 'session'), piece(shown`  (continued)`, 'dim')]);
}

/** The last line of a session's tree: how it ended, and what it came to. */
export function sessionFooter(page: Page, span: SessionSpan): string {
  const facts = [
    ...outcome(span),
    piece(shown`${duration(span.endTime - span.startTime)}`),
    piece(shown`${workOf(span)}`),
    ...tokenPieces(span),
    ...relation('continues', span.previousSessionId),
    ...relation('below', span.parentSessionId),
  ];
  return line(page, [piece(shown`└─ `, 'dim'), ...spaced(facts)]);
}

function outcome(span: SessionSpan): readonly Piece[] {
  const reason = span.endReason === undefined ? [] : [piece(shown`(${span.endReason})`, 'dim')];
  if (span.incomplete !== undefined) {
    return [piece(shown`incomplete (${span.incomplete.replaceAll('_', ' ')})`, 'warning')];
  }
  if (span.interrupted === true) return [piece(shown`interrupted`, 'warning'), ...reason];
  if (span.completed === true) return [piece(shown`completed`, 'good'), ...reason];
  return [piece(span.completed === false ? shown`not completed` : shown`ended`, 'warning'), ...reason];
}

function relation(word: string, sessionId: string | undefined): readonly Piece[] {
  return sessionId === undefined ? [] : [piece(shown`${word} ${sessionId}`, 'dim')];
}
