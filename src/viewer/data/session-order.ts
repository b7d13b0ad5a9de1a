import type { SessionOrder, Store } from '../state.ts';
import type { Session } from './table.ts';
import { textFact } from './table.ts';

/** The sessions of the list, in its order: those that have matches and fit the words above the list. */
export function listedSessions(store: Store): readonly number[] {
  const { table } = store;
  const wanted = store.sessionQuery.value.trim().toLowerCase();
  const counts = store.matchCounts.value;
  const listed = Array.from(table.sessions.keys()).filter((index) => {
    if (counts !== undefined && counts[index] === 0) return false;
    return wanted === '' || wordsOf(store, index).includes(wanted);
  });
  const measure = MEASURES[store.sessionOrder.value];
  return listed.sort((a, b) => measure(store, b) - measure(store, a) || b - a);
}

/** Greatest first; of equal ones the newest, which is the order by time. */
const MEASURES: Readonly<Record<SessionOrder, (store: Store, index: number) => number>> = {
  time: ({ table }, index) => table.sessions[index]?.start ?? 0,
  duration: ({ table }, index) => lengthOf(table.sessions[index]),
  tokens: ({ totals }, index) =>
    (totals[index]?.all.tokens.input ?? 0) + (totals[index]?.all.tokens.output ?? 0),
  turns: ({ totals }, index) => totals[index]?.all.turns ?? 0,
  errors: ({ totals }, index) => totals[index]?.all.errors ?? 0,
  cost: ({ totals }, index) => totals[index]?.all.cost ?? 0,
};

function lengthOf(session: Session | undefined): number {
  return session === undefined ? 0 : session.end - session.start;
}

function wordsOf({ table }: Store, index: number): string {
  const session = table.sessions[index];
  if (session === undefined) return '';
  const model = textFact(table, session.from, 'model') ?? '';
  const platform = textFact(table, session.from, 'platform') ?? '';
  return `${session.id} ${model} ${platform} ${session.title ?? ''}`.toLowerCase();
}
