import type { ComponentChildren } from 'preact';
import { closeDetails, showSpan, spanOfHash, zoomToSpan } from '../actions.ts';
import { INCOMPLETE_WORDS, KIND_WORDS, kindOf, labelOf, noteOf, pathTextOf } from '../data/labels.ts';
import {
  at,
  attributesOf,
  fact,
  isError,
  otelKindOf,
  type SpanEvent,
  type SpanLink,
  type SpanTable,
  statusOf,
  text,
  textFact,
} from '../data/table.ts';
import { duration, exactTime, oneLine } from '../data/words.ts';
import { hashOf } from '../hash.ts';
import type { Store } from '../state.ts';
import { Conversation } from './conversation.tsx';
import { CopyButton } from './copy-button.tsx';
import { Icon } from './icon.tsx';
import { Pairs, ValueText } from './pairs.tsx';

const STATUS_WORDS: Readonly<Record<number, string>> = { 0: 'Unset: no error', 1: 'Ok', 2: 'Error' };
const OTEL_KIND_WORDS: Readonly<Record<number, string>> = { 1: 'Internal', 3: 'Client' };

/** All that is known of one span. */
export function Details({ store, span }: { readonly store: Store; readonly span: number }) {
  const { table } = store;
  const kind = kindOf(table, span);
  // What went wrong stands below, whole.
  const note = isError(table, span) ? '' : noteOf(table, store.marks, span);
  return (
    <aside class={`details kind-${kind}`} aria-label="Span details">
      <header class="details-head">
        <p class="details-kind">
          <Icon name={kind} />
          {KIND_WORDS[kind]}
        </p>
        <div class="details-actions">
          <button type="button" class="text-button" onClick={() => zoomToSpan(store, span)}>
            Zoom to
          </button>
          <CopyButton
            label="Copy link"
            icon="link"
            text={() => location.href.replace(/#.*$/, '') + hashOf(store, span)}
          />
          <button
            type="button"
            class="icon-button"
            aria-label="Close the details"
            title="Close (Esc)"
            onClick={() => closeDetails(store)}
          >
            <Icon name="close" />
          </button>
        </div>
        <h2>{labelOf(table, span)}</h2>
        {note !== '' && <p class="muted details-note">{note}</p>}
      </header>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by key */}
      <div class="details-body" key={span} tabIndex={0} role="region" aria-label="What was said, and figures">
        <Problems table={table} span={span} />
        <Conversation
          store={store}
          from={span}
          to={span + at(table.size, span)}
          hint={kind === 'session' || kind === 'turn'}
        />
        <Facts store={store} span={span} />
        <OpenTelemetry store={store} span={span} />
      </div>
    </aside>
  );
}

/** The span as receivers get it: names, ids, attributes, span events. Folded until somebody wants it. */
function OpenTelemetry({ store, span }: { readonly store: Store; readonly span: number }) {
  const { table } = store;
  return (
    <details
      class="details-section"
      open={store.otelOpen.value}
      onToggle={({ currentTarget }) => {
        store.otelOpen.value = currentTarget.open;
      }}
    >
      <summary>OpenTelemetry</summary>
      {store.otelOpen.value && (
        <>
          <Identity store={store} span={span} />
          <Section title="Attributes" count={attributesOf(table, span).length}>
            <Pairs store={store} pairs={attributesOf(table, span)} />
          </Section>
          <Events store={store} events={table.events.get(span) ?? []} />
          <Links store={store} links={table.links.get(span) ?? []} />
          {store.about.resource.length > 0 && (
            <Section title="Resource" count={store.about.resource.length}>
              <Pairs store={store} pairs={store.about.resource} />
            </Section>
          )}
        </>
      )}
    </details>
  );
}

function Problems({ table, span }: { readonly table: SpanTable; readonly span: number }) {
  const message = textFact(table, span, 'message');
  const incomplete = textFact(table, span, 'incomplete');
  return (
    <>
      {isError(table, span) && (
        <div class="problem problem-error">
          <Icon name="alert" />
          <div>{message === undefined ? 'Failed, without a word why.' : <ValueText value={message} />}</div>
        </div>
      )}
      {incomplete !== undefined && (
        <p class="problem">
          <Icon name="incomplete" />
          <span>{INCOMPLETE_WORDS[incomplete] ?? oneLine(incomplete)}</span>
        </p>
      )}
      {fact(table, span, 'synthetic') === true && (
        <p class="problem">
          <Icon name="incomplete" />
          <span>The log has no times: these are artificial.</span>
        </p>
      )}
    </>
  );
}

function Facts({ store, span }: { readonly store: Store; readonly span: number }) {
  const { table } = store;
  const session = store.current.value;
  const start = at(table.start, span);
  const parent = at(table.parent, span);
  const parentId = at(table.parentId, span);
  const path = at(table.size, span) > 1 && kindOf(table, span) !== 'session' ? pathTextOf(table, span) : '';
  return (
    <dl class="facts">
      <Fact name="Duration">{duration(at(table.duration, span))}</Fact>
      <Fact name="Start">
        {exactTime(start)}
        {session !== undefined && start > session.start && (
          <span class="muted fact-more">{duration(start - session.start)} into the session</span>
        )}
      </Fact>
      {path !== '' && <Fact name="Critical path">{path}</Fact>}
      <Fact name="Parent">
        {parent >= 0 ? (
          <button type="button" class="link-button" onClick={() => showSpan(store, parent)}>
            {KIND_WORDS[kindOf(table, parent)]}: {labelOf(table, parent)}
          </button>
        ) : (
          <span class="muted">
            {parentId < 0 ? 'none: a root' : `${text(table, parentId)}, not in this file`}
          </span>
        )}
      </Fact>
    </dl>
  );
}

function Identity({ store: { table }, span }: { readonly store: Store; readonly span: number }) {
  return (
    <dl class="facts">
      <Fact name="Name">{oneLine(text(table, at(table.name, span)))}</Fact>
      <Fact name="Kind">{OTEL_KIND_WORDS[otelKindOf(table, span)] ?? String(otelKindOf(table, span))}</Fact>
      <Fact name="Status">{STATUS_WORDS[statusOf(table, span)] ?? ''}</Fact>
      <Fact name="Span id">
        <code>{text(table, at(table.id, span))}</code>
      </Fact>
      <Fact name="Trace id">
        <code>{text(table, at(table.trace, span))}</code>
      </Fact>
      <Fact name="Session">
        <code>{oneLine(text(table, at(table.session, span)))}</code>
      </Fact>
    </dl>
  );
}

type Children = ComponentChildren;

function Fact({ name, children }: { readonly name: string; readonly children: Children }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

interface SectionProps {
  readonly title: string;
  readonly count: number;
  readonly children: Children;
}

function Section({ title, count, children }: SectionProps) {
  return (
    <section class="details-section">
      <h3>
        {title} <span class="muted">{count}</span>
      </h3>
      {children}
    </section>
  );
}

function Events({ store, events }: { readonly store: Store; readonly events: readonly SpanEvent[] }) {
  if (events.length === 0) return null;
  return (
    <Section title="Span events" count={events.length}>
      {events.map(({ name, offset, attributes }, index) => (
        <div key={`${offset} ${index}`} class="event">
          <p class="event-name">
            {oneLine(name)} <span class="muted">+{duration(offset)}</span>
          </p>
          <Pairs store={store} pairs={attributes} />
        </div>
      ))}
    </Section>
  );
}

function Links({ store, links }: { readonly store: Store; readonly links: readonly SpanLink[] }) {
  if (links.length === 0) return null;
  return (
    <Section title="Links" count={links.length}>
      {links.map(({ spanId, attributes }) => {
        const target = spanOfHash(store, `#${spanId}`);
        return (
          <div key={spanId} class="event">
            <p class="event-name">
              {target >= 0 ? (
                <button type="button" class="link-button" onClick={() => showSpan(store, target)}>
                  {KIND_WORDS[kindOf(store.table, target)]}: {labelOf(store.table, target)}
                </button>
              ) : (
                <span class="muted">{oneLine(spanId)}, not in this file</span>
              )}
            </p>
            <Pairs store={store} pairs={attributes} />
          </div>
        );
      })}
    </Section>
  );
}
