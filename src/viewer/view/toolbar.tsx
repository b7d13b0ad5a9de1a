import { KINDS } from '../../html/format.ts';
import type { AgentSpanKind } from '../../model/span.ts';
import {
  collapseFrom,
  expandAll,
  setFilter,
  showAll,
  toggleIdle,
  togglePerTurn,
  zoomBy,
} from '../actions.ts';
import { compact, count, plural } from '../data/words.ts';
import { NO_FILTER, type Store, TABS, type Tab } from '../state.ts';
import { Export } from './export.tsx';
import { Icon, type IconName } from './icon.tsx';
import { Pick } from './pick.tsx';

export function Toolbar({ store }: { readonly store: Store }) {
  const timeline = store.tab.value === 'timeline';
  return (
    <div class="toolbar">
      <Tabs store={store} />
      <Filters store={store} />
      <Found store={store} />
      <Export store={store} />
      {timeline && <Tools store={store} />}
    </div>
  );
}

const TAB_WORDS: Readonly<Record<Tab, string>> = {
  timeline: 'Timeline',
  conversation: 'Conversation',
  charts: 'Charts',
};

function Tabs({ store }: { readonly store: Store }) {
  return (
    <fieldset class="segmented">
      <legend class="unseen">View</legend>
      {TABS.map((tab) => (
        <button
          key={tab}
          type="button"
          aria-pressed={store.tab.value === tab}
          onClick={() => {
            store.tab.value = tab;
          }}
        >
          {TAB_WORDS[tab]}
        </button>
      ))}
    </fieldset>
  );
}

/** Micros. */
const DURATIONS: readonly (readonly [number, string])[] = [
  [0, 'Any duration'],
  [100e3, '≥ 100ms'],
  [1e6, '≥ 1s'],
  [5e6, '≥ 5s'],
  [30e6, '≥ 30s'],
  [300e6, '≥ 5m'],
];

/** The kinds of spans as the figures of the session count them, so that both have the same numbers. */
const CHIPS: readonly (readonly [words: string, kind: AgentSpanKind, ...more: AgentSpanKind[]])[] = [
  ['Turns', 'turn'],
  ['Calls', 'api_call', 'auxiliary_call'],
  ['Tools', 'tool_call'],
  ['Sub-agents', 'subagent'],
  ['Approvals', 'approval'],
];

function Filters({ store }: { readonly store: Store }) {
  const filter = store.filter.value;
  const totals = store.totals[store.session.value];
  const toggle = (members: readonly number[], pressed: boolean): void => {
    const kinds = new Set(filter.kinds);
    for (const kind of members)
      if (pressed) kinds.delete(kind);
      else kinds.add(kind);
    setFilter(store, { ...filter, kinds });
  };
  return (
    <fieldset class="filters">
      <legend class="unseen">Filters</legend>
      {CHIPS.map(([words, kind, ...more]) => {
        const members = [kind, ...more].map((each) => KINDS.indexOf(each));
        const found = members.reduce((sum, member) => sum + (totals?.counts[member] ?? 0), 0);
        const pressed = members.some((member) => filter.kinds.has(member));
        if (found === 0 && !pressed) return null;
        return (
          <button
            key={kind}
            type="button"
            class={`chip kind-${kind}`}
            aria-pressed={pressed}
            title={`${words} only`}
            onClick={() => toggle(members, pressed)}
          >
            <Icon name={kind} size={13} />
            <span class="chip-word">{words}</span>
            <span class="chip-count">{compact(found)}</span>
          </button>
        );
      })}
      <button
        type="button"
        class="chip chip-errors"
        aria-pressed={filter.errorsOnly}
        title="Errors only"
        onClick={() => setFilter(store, { ...filter, errorsOnly: !filter.errorsOnly })}
      >
        <Icon name="alert" size={13} />
        <span class="chip-word">Errors</span>
        <span class="chip-count">{compact(totals?.all.errors ?? 0)}</span>
      </button>
      <Pick
        label="Shortest duration"
        choices={DURATIONS}
        value={filter.minDuration}
        active={filter.minDuration > 0}
        choose={(minDuration) => setFilter(store, { ...filter, minDuration })}
      />
    </fieldset>
  );
}

/** What the filters left, announced by screen readers as it changes. */
function Found({ store }: { readonly store: Store }) {
  const counts = store.matchCounts.value;
  const here = counts?.[store.session.value] ?? 0;
  const all = counts?.reduce((sum, found) => sum + found, 0) ?? 0;
  return (
    <p class="found muted" role="status">
      {counts !== undefined && (
        <>
          {plural(here, 'match', 'matches')}
          {all !== here && ` (${count(all)} in all sessions)`}
          <button type="button" class="link-button" onClick={() => setFilter(store, NO_FILTER)}>
            Clear
          </button>
        </>
      )}
    </p>
  );
}

function Tools({ store }: { readonly store: Store }) {
  const hasGaps = store.shortAxis.value !== undefined;
  return (
    <fieldset class="tools">
      <legend class="unseen">Tree and time</legend>
      {hasGaps && (
        <button
          type="button"
          class="chip"
          aria-pressed={store.skipIdle.value}
          title="Show hours in which nothing runs as a narrow strip (i)"
          onClick={() => toggleIdle(store)}
        >
          <Icon name="fold" size={13} />
          <span class="chip-word">Skip idle</span>
        </button>
      )}
      <button
        type="button"
        class="chip"
        aria-pressed={store.perTurn.value}
        title="Each turn has a time axis of its own (x)"
        onClick={() => togglePerTurn(store)}
      >
        <Icon name="rows" size={13} />
        <span class="chip-word">Axis per turn</span>
      </button>
      <ToolButton icon="closeAll" words="Close all turns" hint="[" run={() => collapseFrom(store, 1)} />
      <ToolButton icon="openAll" words="Open everything" hint="]" run={() => expandAll(store)} />
      <span class="tools-line" aria-hidden="true" />
      <ToolButton icon="minus" words="Zoom out" hint="−" run={() => zoomBy(store, 1 / 0.6)} />
      <ToolButton icon="plus" words="Zoom in" hint="+" run={() => zoomBy(store, 0.6)} />
      <ToolButton icon="fit" words="Whole session" hint="0" run={() => showAll(store)} />
    </fieldset>
  );
}

interface ToolButtonProps {
  readonly icon: IconName;
  readonly words: string;
  readonly hint: string;
  readonly run: () => void;
}

function ToolButton({ icon, words, hint, run }: ToolButtonProps) {
  return (
    <button type="button" class="icon-button" aria-label={words} title={`${words} (${hint})`} onClick={run}>
      <Icon name={icon} />
    </button>
  );
}
