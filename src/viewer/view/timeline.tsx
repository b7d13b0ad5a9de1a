import { useEffect, useRef } from 'preact/hooks';
import { cursorRow, zoomToSpan } from '../actions.ts';
import { FOCUS } from '../keys.ts';
import type { Store } from '../state.ts';
import { ColumnHead } from './column-head.tsx';
import { Overview } from './overview.tsx';
import { followPointer, followWheel, spanAt } from './pointer.ts';
import { Row, rowId } from './row.tsx';
import { TimeLines } from './time-lines.tsx';
import { useRows } from './use-rows.ts';
import { useWidth } from './use-width.ts';

/** Pixels; the style sheet has the same. */
export const ROW_HEIGHT = 26;
const HEAD_HEIGHT = 28;

/** On paper, more rows than this are no help to anybody. */
const PRINTED_ROWS = 1500;

export function Timeline({ store }: { readonly store: Store }) {
  return (
    <section class="timeline" aria-label="Spans over time">
      <Overview store={store} />
      <Grid store={store} />
    </section>
  );
}

/**
 * The tree as a grid. The focus stays on the grid and `aria-activedescendant` names the row, because rows that scroll
 * out of sight leave the document, and would take the focus with them.
 */
function Grid({ store }: { readonly store: Store }) {
  const scroller = useRef<HTMLDivElement>(null);
  const rows = store.rows.value;
  const { places, height, reveal } = useRows(scroller, rows.length, ROW_HEIGHT, HEAD_HEIGHT);
  const cursor = cursorRow(store);
  const asked = store.reveal.value;
  // Only a request is a reason to scroll.
  useEffect(() => {
    if (asked > 0) reveal(cursor);
  }, [asked]);
  useEffect(() => followWheel(store, scroller.current), [store]);
  useEffect(() => followPointer(store, scroller.current), [store]);
  const width = useWidth(scroller, 1000, '.ruler');
  const printing = store.printing.value;
  const shown = printing ? Array.from(rows.subarray(0, PRINTED_ROWS).keys()) : places;
  return (
    <div class="grid-box">
      <TimeLines store={store} width={printing ? undefined : width} />
      <div
        class="grid"
        ref={scroller}
        id={FOCUS.tree}
        role="treegrid"
        tabIndex={0}
        aria-label="Spans"
        aria-rowcount={rows.length + 1}
        aria-colcount={3}
        aria-activedescendant={rows.length > 0 ? rowId(rows[cursor] ?? -1) : undefined}
        onDblClick={(event) => {
          const span = spanAt(event.target);
          if (span >= 0) zoomToSpan(store, span);
        }}
      >
        <ColumnHead store={store} width={width} />
        <div class="grid-body" role="rowgroup" style={printing ? undefined : { height: `${height}px` }}>
          {shown.map((index) => (
            <Row
              key={index}
              store={store}
              span={rows[index] ?? -1}
              row={index}
              top={printing ? undefined : index * ROW_HEIGHT}
              active={index === cursor}
            />
          ))}
          {rows.length === 0 && <p class="grid-none muted">No span of this session matches.</p>}
        </div>
        {printing && rows.length > PRINTED_ROWS && (
          <p class="cut">
            The first {PRINTED_ROWS} of {rows.length} rows. Filter or close turns to print others.
          </p>
        )}
      </div>
    </div>
  );
}
