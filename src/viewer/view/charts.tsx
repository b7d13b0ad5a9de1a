import { showSpan } from '../actions.ts';
import { consumed, labelOf, pathTextOf } from '../data/labels.ts';
import { sumWithin } from '../data/marks.ts';
import { at, type Session } from '../data/table.ts';
import { byModel, byTool, type Group, topTurns } from '../data/totals.ts';
import { count, duration, money, oneLine, percent } from '../data/words.ts';
import type { Store } from '../state.ts';
import { LatencyChart } from './latency-chart.tsx';
import { TokenChart } from './token-chart.tsx';

/** Where the tokens and the time went, over the session, by model and by tool. */
export function Charts({ store }: { readonly store: Store }) {
  const session = store.current.value;
  if (session === undefined) return null;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by key
    <section class="charts" aria-label="Charts" tabIndex={0}>
      <TokenChart store={store} session={session} />
      <LatencyChart store={store} session={session} />
      <Tables store={store} session={session} />
    </section>
  );
}

function Tables({ store, session }: { readonly store: Store; readonly session: Session }) {
  const models = byModel(store.table, session, store.matches.value);
  const tools = byTool(store.table, session, store.matches.value);
  const { table, marks } = store;
  const slowest = topTurns(table, session, (turn) => at(table.duration, turn));
  const dearest = topTurns(table, session, (turn) => Math.round(1e8 * sumWithin(table, marks, turn, 'cost')));
  return (
    <div class="tables">
      {slowest.length > 1 && <TurnTable store={store} title="Slowest turns" turns={slowest} />}
      {dearest.length > 1 && <TurnTable store={store} title="Dearest turns" turns={dearest} />}
      {models.length > 0 && <GroupTable title="By model" groups={models} tokens />}
      {tools.length > 0 && <GroupTable title="By tool" groups={tools} tokens={false} />}
    </div>
  );
}

interface TurnTableProps {
  readonly store: Store;
  readonly title: string;
  readonly turns: readonly number[];
}

/** Turns of users with what determined how long they took. */
function TurnTable({ store, title, turns }: TurnTableProps) {
  const { table, marks } = store;
  return (
    <table class="group-table turn-table">
      <caption>{title}</caption>
      <thead>
        <tr>
          <th scope="col">Turn</th>
          <th scope="col">Duration</th>
          <th scope="col">Tokens and cost</th>
          <th scope="col">Critical path</th>
        </tr>
      </thead>
      <tbody>
        {turns.map((turn) => (
          <tr key={turn}>
            <th scope="row">
              <button type="button" class="link-button" onClick={() => showSpan(store, turn)}>
                {labelOf(table, turn)}
              </button>
            </th>
            <td>{duration(at(table.duration, turn))}</td>
            <td>{consumed(table, marks, turn).join(' · ')}</td>
            <td class="path-cell">{pathTextOf(table, turn)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

interface GroupTableProps {
  readonly title: string;
  readonly groups: readonly Group[];
  readonly tokens: boolean;
}

function GroupTable({ title, groups, tokens }: GroupTableProps) {
  const anyCost = groups.some(({ cost }) => cost !== undefined);
  const longest = Math.max(...groups.map(({ max }) => max), 1);
  return (
    <table class="group-table">
      <caption>{title}</caption>
      <thead>
        <tr>
          <th scope="col">Name</th>
          <th scope="col">Count</th>
          <th scope="col">Errors</th>
          {tokens && <th scope="col">Tokens in</th>}
          {tokens && <th scope="col">Tokens out</th>}
          {anyCost && <th scope="col">Cost</th>}
          <th scope="col">Total</th>
          <th scope="col">Share</th>
          <th scope="col">P50</th>
          <th scope="col">P95</th>
          <th scope="col">Max</th>
          <th scope="col" class="spread-head">
            P50 to max
          </th>
        </tr>
      </thead>
      <tbody>
        {groups.map((group) => (
          <tr key={group.name}>
            <th scope="row">{oneLine(group.name)}</th>
            <td>{count(group.count)}</td>
            <td class={group.errors > 0 ? 'bad' : undefined}>{count(group.errors)}</td>
            {tokens && <td>{reported(group, 'input')}</td>}
            {tokens && <td>{reported(group, 'output')}</td>}
            {anyCost && <td>{group.cost === undefined ? '–' : money(group.cost)}</td>}
            <td>{duration(group.total)}</td>
            <td>{percent(group.share, 1)}</td>
            <td>{duration(group.median)}</td>
            <td>{duration(group.p95)}</td>
            <td>{duration(group.max)}</td>
            <td class="spread-cell">
              <Spread group={group} longest={longest} tool={!tokens} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** A dash when no call reported its tokens. */
function reported({ tokens }: Group, side: 'input' | 'output'): string {
  return tokens.input + tokens.output === 0 || tokens.unknown === side ? '–' : count(tokens[side]);
}

interface SpreadProps {
  readonly group: Group;
  readonly longest: number;
  readonly tool: boolean;
}

/** Median, P95 and maximum on one logarithmic line; the figures stand beside it. */
function Spread({ group, longest, tool }: SpreadProps) {
  const at = (micros: number): number =>
    (Math.log10(Math.max(micros, 100) / 100) / Math.log10(Math.max(longest, 1000) / 100)) * 100;
  return (
    <svg
      class={tool ? 'spread kind-tool_call' : 'spread kind-api_call'}
      viewBox="0 0 100 12"
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      <line class="spread-base" x1="0" x2="100" y1="6" y2="6" />
      <line class="spread-max" x1={at(group.median)} x2={at(group.max)} y1="6" y2="6" />
      <line class="spread-p95" x1={at(group.median)} x2={at(group.p95)} y1="6" y2="6" />
      <line class="spread-median" x1={at(group.median)} x2={at(group.median)} y1="1" y2="11" />
    </svg>
  );
}
