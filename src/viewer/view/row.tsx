import type { AgentSpanKind } from '../../model/span.ts';
import { isCollapsed, select, setCollapsed } from '../actions.ts';
import { KIND_WORDS, kindOf, labelOf, noteOf } from '../data/labels.ts';
import { PLACE, sumWithin } from '../data/marks.ts';
import { at, fact, isError, type SpanTable } from '../data/table.ts';
import { duration, plural } from '../data/words.ts';
import type { Store } from '../state.ts';
import { Bar } from './bar.tsx';
import { Icon } from './icon.tsx';

interface RowProps {
  readonly store: Store;
  readonly span: number;
  /** From 0. */
  readonly row: number;
  /** Pixels below the first row; `undefined` on paper, where rows follow each other. */
  readonly top: number | undefined;
  readonly active: boolean;
}

export function rowId(span: number): string {
  return `row-${span}`;
}

export function Row({ store, span, row, top, active }: RowProps) {
  const { table, marks } = store;
  const kind = kindOf(table, span);
  const open = at(table.size, span) > 1 ? !isCollapsed(store, span) : undefined;
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the grid takes the keys for all of its rows
    <div
      class={classesOf(store, span, kind, active)}
      id={rowId(span)}
      role="row"
      style={top === undefined ? undefined : { top: `${top}px` }}
      data-span={span}
      aria-level={at(table.depth, span) + 1}
      aria-posinset={at(marks.place, span)}
      aria-setsize={at(marks.siblings, span)}
      aria-rowindex={row + 2}
      aria-expanded={open}
      aria-selected={store.selected.value === span}
      onClick={() => select(store, span)}
    >
      <NameCell store={store} span={span} kind={kind} open={open} />
      <div class="cell-duration" role="gridcell">
        {duration(at(table.duration, span))}
      </div>
      <Bar store={store} span={span} kind={kind} />
    </div>
  );
}

function classesOf(store: Store, span: number, kind: AgentSpanKind, active: boolean): string {
  const { table, marks } = store;
  const classes = ['row', `kind-${kind}`];
  if (active) classes.push('active');
  if (store.selected.value === span) classes.push('selected');
  if (isError(table, span)) classes.push('error');
  if (store.matches.value?.[span] === 0) classes.push('context');
  if (at(marks.agent, span) >= 0) classes.push('in-agent');
  return classes.join(' ');
}

interface NameCellProps {
  readonly store: Store;
  readonly span: number;
  readonly kind: AgentSpanKind;
  readonly open: boolean | undefined;
}

function NameCell({ store, span, kind, open }: NameCellProps) {
  const { table, marks } = store;
  const note = noteOf(table, marks, span);
  const agent = at(marks.agent, span);
  return (
    <div class="cell-name" role="gridcell" style={{ '--depth': at(table.depth, span) }}>
      <span class="guides" style={{ boxShadow: guidesFor(at(table.depth, span)) }} />
      {agent >= 0 && (
        <span
          class={agent === span ? 'agent-rail first' : 'agent-rail'}
          style={{ '--depth': at(table.depth, agent) }}
        />
      )}
      <ParallelRail store={store} span={span} />
      {open === undefined ? (
        <span class="twist" />
      ) : (
        // biome-ignore lint/a11y/noStaticElementInteractions: a target for the mouse; the keys are the grid's
        // biome-ignore lint/a11y/useKeyWithClickEvents: the same
        <span
          class={open ? 'twist open' : 'twist'}
          onClick={(event) => {
            event.stopPropagation();
            setCollapsed(store, span, open);
          }}
        >
          <Icon name="chevron" size={12} />
        </span>
      )}
      <span class="kind-icon">
        <Icon name={kind} size={14} />
      </span>
      <span class="unseen">{KIND_WORDS[kind]}: </span>
      <span class="label">{labelOf(table, span)}</span>
      {note !== '' && <span class={hasFigures(table, span, kind) ? 'note figures' : 'note'}>{note}</span>}
      <Badges store={store} span={span} open={open} />
    </div>
  );
}

/** Half a number misleads, and the model's name stands in many rows: there the name gives way. */
function hasFigures(table: SpanTable, span: number, kind: AgentSpanKind): boolean {
  return (kind === 'api_call' || kind === 'auxiliary_call') && !isError(table, span);
}

/** Pixels from one level of the tree to the next; the style sheet has the same. */
const INDENT = 15;
const MOST_GUIDES = 24;
const GUIDES = Array.from({ length: MOST_GUIDES + 1 }, (_, depth) =>
  Array.from({ length: depth }, (_line, level) => `${(level + 1) * INDENT}px 0 var(--line)`).join(),
);

/**
 * A hair line under each open ancestor: shadows of one to their left, which itself is not drawn. Browsers draw them
 * faster than any image.
 */
function guidesFor(depth: number): string {
  return GUIDES[Math.min(depth, MOST_GUIDES)] ?? '';
}

const PLACE_CLASS: Readonly<Record<number, string>> = {
  [PLACE.first]: 'parallel-rail first',
  [PLACE.middle]: 'parallel-rail',
  [PLACE.last]: 'parallel-rail last',
};

function ParallelRail({ store, span }: { readonly store: Store; readonly span: number }) {
  const place = PLACE_CLASS[at(store.marks.parallelPlace, span)];
  return place === undefined ? null : <span class={place} />;
}

interface BadgesProps {
  readonly store: Store;
  readonly span: number;
  readonly open: boolean | undefined;
}

function Badges({ store, span, open }: BadgesProps) {
  const { table, marks } = store;
  const parallel = at(marks.parallelPlace, span) === PLACE.first ? at(marks.parallel, span) : 0;
  const below = open === false ? sumWithin(table, marks, span, 'errors') - (isError(table, span) ? 1 : 0) : 0;
  return (
    <>
      {parallel > 0 && (
        <span class="badge badge-parallel" title={`${parallel} run side by side`}>
          <span aria-hidden="true">∥{parallel}</span>
          <span class="unseen">{parallel} run side by side</span>
        </span>
      )}
      {isError(table, span) && (
        <span class="badge badge-error">
          <Icon name="alert" size={13} />
          <span class="unseen">error</span>
        </span>
      )}
      {below > 0 && <span class="badge badge-below">{plural(below, 'error')} inside</span>}
      {fact(table, span, 'incomplete') !== undefined && (
        <span class="badge badge-incomplete" title="Its end is not in the log">
          <Icon name="incomplete" size={12} />
          <span class="unseen">its end is not in the log</span>
        </span>
      )}
    </>
  );
}
