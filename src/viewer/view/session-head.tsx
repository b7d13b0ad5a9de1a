import { KINDS } from '../../html/format.ts';
import type { AgentSpanKind } from '../../model/span.ts';
import { textFact } from '../data/table.ts';
import { ownCount } from '../data/totals.ts';
import { compact, count, duration, exactTime, oneLine } from '../data/words.ts';
import type { Store } from '../state.ts';

interface Figure {
  readonly name: string;
  readonly value: string;
  readonly title?: string;
  readonly bad?: boolean;
}

const REVIEWS = 'Background reviews: left out of the other figures, as Hermes leaves them out of the session';

export function SessionHead({ store }: { readonly store: Store }) {
  const session = store.current.value;
  if (session === undefined) return null;
  const { table } = store;
  const meta = [
    textFact(table, session.from, 'platform'),
    textFact(table, session.from, 'model'),
    exactTime(session.start),
  ].filter((word) => word !== undefined);
  return (
    <header class="session-head">
      <div class="session-name">
        <h1>{oneLine(session.id)}</h1>
        <p class="muted">{meta.map(oneLine).join(' · ')}</p>
      </div>
      <dl class="figures">
        {figuresOf(store).map(({ name, value, title, bad }) => (
          <div key={name} title={title} class={bad === true ? 'figure bad' : 'figure'}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </header>
  );
}

function figuresOf(store: Store): readonly Figure[] {
  const session = store.current.value;
  const totals = store.totals[store.session.value];
  if (session === undefined || totals === undefined) return [];
  const { errors, incomplete, tokens } = totals;
  const counted = (kind: AgentSpanKind): number => ownCount(totals, kind);
  const reviews = totals.background[KINDS.indexOf('turn')] ?? 0;
  const figures: Figure[] = [
    { name: 'Duration', value: duration(session.end - session.start) },
    { name: 'Turns', value: count(counted('turn')) },
    { name: 'API calls', value: count(counted('api_call') + counted('auxiliary_call')) },
    { name: 'Tools', value: count(counted('tool_call')) },
  ];
  if (counted('subagent') > 0) figures.push({ name: 'Sub-agents', value: count(counted('subagent')) });
  if (reviews > 0) figures.push({ name: 'Reviews', value: count(reviews), title: REVIEWS });
  figures.push({ name: 'Errors', value: count(errors), bad: errors > 0 });
  if (incomplete > 0) {
    figures.push({
      name: 'Incomplete',
      value: count(incomplete),
      title: 'Spans whose end is not in the log',
    });
  }
  figures.push(
    {
      name: 'Tokens in',
      value: tokens.reported ? compact(tokens.input) : '–',
      title: tokens.reported
        ? `${count(tokens.input)} in the prompts, ${count(tokens.cacheRead)} of them read from the cache; sub-agents included, background reviews not`
        : 'No call reported its tokens',
    },
    {
      name: 'Tokens out',
      value: tokens.reported ? compact(tokens.output) : '–',
      title: tokens.reported ? `${count(tokens.output)} in the answers` : 'No call reported its tokens',
    },
  );
  return figures;
}
