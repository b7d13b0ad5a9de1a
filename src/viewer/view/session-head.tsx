import type { ComponentChildren } from 'preact';
import { type Figures, headlineOf, type Work, workText } from '../../model/figures.ts';
import { shortModel } from '../data/labels.ts';
import { textFact } from '../data/table.ts';
import type { Totals } from '../data/totals.ts';
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
  const totals = store.totals[store.session.value];
  if (session === undefined || totals === undefined) return null;
  const { table } = store;
  const model = textFact(table, session.from, 'model');
  const meta = [
    session.title === undefined ? undefined : session.id,
    textFact(table, session.from, 'platform'),
    model === undefined ? undefined : shortModel(table, model),
    exactTime(session.start),
  ];
  return (
    <Head
      title={session.title ?? session.id}
      meta={meta}
      totals={totals}
      length={session.end - session.start}
    />
  );
}

interface HeadProps {
  readonly title: string;
  readonly meta: readonly (string | undefined)[];
  readonly totals: Totals;
  /** Micros; `undefined` for several sessions, whose times are added. */
  readonly length: number | undefined;
  readonly children?: ComponentChildren;
}

/** A heading, the figures, and where the time went. */
export function Head({ title, meta, totals, length, children }: HeadProps) {
  return (
    <header class="session-head">
      <div class="session-name">
        <h1>{oneLine(title)}</h1>
        <p class="muted">
          {meta
            .filter((word) => word !== undefined)
            .map(oneLine)
            .join(' · ')}
        </p>
      </div>
      {children}
      <dl class="figures">
        {figuresOf(totals, length).map(({ name, value, title: more, bad }) => (
          <div key={name} title={more} class={bad === true ? 'figure bad' : 'figure'}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <Time totals={totals} />
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

function figuresOf(totals: Totals, length: number | undefined): readonly Figure[] {
  const { turns, calls, tools, subagents, errors, incomplete, tokens, withoutUsage, cost, withoutPrice } =
    totals.all;
  const reported = (side: 'input' | 'output') => tokens.input + tokens.output > 0 && tokens.unknown !== side;
  const without = (calls: number, what: string) =>
    calls === 0 ? '' : `; ${count(calls)} calls without ${what}`;
  const figures: (Figure | undefined)[] = [
    { name: 'Duration', value: duration(length ?? totals.time.total) },
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
