import { type Figures, headlineOf, type Work, workText } from '../../model/figures.ts';
import { textFact } from '../data/table.ts';
import { compact, count, duration, exactTime, money, oneLine } from '../data/words.ts';
import type { Store } from '../state.ts';

interface Figure {
  readonly name: string;
  readonly value: string;
  readonly title?: string;
  readonly bad?: boolean;
}

export function SessionHead({ store }: { readonly store: Store }) {
  const session = store.current.value;
  if (session === undefined) return null;
  const { table } = store;
  const totals = store.totals[store.session.value];
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
      {totals !== undefined && <Time totals={totals} />}
    </header>
  );
}

/** Where the time went, and the parts of sub-agents and background reviews. */
function Time({ totals }: { readonly totals: Figures }) {
  const { all, time, inSubagents, inReviews } = totals;
  const parts = [partOf('in sub-agents', inSubagents), partOf('in background reviews', inReviews)];
  return (
    <p class="muted headline">
      {[headlineOf(all, time).time, ...parts].filter((part) => part !== undefined).join(' · ')}
    </p>
  );
}

function partOf(name: string, work: Work): string | undefined {
  const text = workText(work);
  if (text === '') return undefined;
  const { tokens, cost } = headlineOf(work);
  return `${name}: ${[text, tokens, cost].filter((part) => part !== undefined).join(', ')}`;
}

function figuresOf(store: Store): readonly Figure[] {
  const session = store.current.value;
  const totals = store.totals[store.session.value];
  if (session === undefined || totals === undefined) return [];
  const { turns, calls, tools, subagents, errors, incomplete, tokens, withoutUsage, cost, withoutPrice } =
    totals.all;
  const reported = (side: 'input' | 'output') => tokens.input + tokens.output > 0 && tokens.unknown !== side;
  const without = (calls: number, what: string) =>
    calls === 0 ? '' : `; ${count(calls)} calls without ${what}`;
  const figures: (Figure | undefined)[] = [
    { name: 'Duration', value: duration(session.end - session.start) },
    cost === undefined
      ? undefined
      : { name: 'Cost', value: money(cost), title: `US dollars${without(withoutPrice, 'a price')}` },
    { name: 'Turns', value: count(turns), title: 'Including sub-agents and background reviews' },
    { name: 'Calls', value: count(calls), title: 'Attempts of API calls and auxiliary calls' },
    { name: 'Tools', value: count(tools) },
    subagents === 0 ? undefined : { name: 'Sub-agents', value: count(subagents) },
    { name: 'Errors', value: count(errors), bad: errors > 0 },
    incomplete === 0
      ? undefined
      : { name: 'Incomplete', value: count(incomplete), title: 'Spans whose end is not in the log' },
    {
      name: 'Tokens in',
      value: reported('input') ? compact(tokens.input) : '–',
      title: reported('input')
        ? `${count(tokens.input)} in the prompts, ${count(tokens.cached)} of them read from the cache${without(withoutUsage, 'usage')}`
        : 'No call reported its tokens',
    },
    {
      name: 'Tokens out',
      value: reported('output') ? compact(tokens.output) : '–',
      title: reported('output') ? `${count(tokens.output)} in the answers` : 'No call reported its tokens',
    },
  ];
  return figures.filter((figure) => figure !== undefined);
}
