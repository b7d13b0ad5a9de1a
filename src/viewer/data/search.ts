import { KINDS } from '../../html/format.ts';
import { isText } from './decode.ts';
import {
  at,
  attributesOf,
  fact,
  isError,
  type pairsOf,
  type SpanTable,
  shapeOf,
  text,
  type Value,
} from './table.ts';

/** What the user asked to see. All conditions must hold. */
export interface Filter {
  readonly query: string;
  /** Indexes into `KINDS`; empty means all. */
  readonly kinds: ReadonlySet<number>;
  readonly errorsOnly: boolean;
  /** Micros. */
  readonly minDuration: number;
}

/** One condition of a query. */
interface Term {
  readonly not: boolean;
  /** The key of an attribute, or the end of one after a dot; `undefined` for text anywhere. */
  readonly key: string | undefined;
  readonly operator: '=' | '<' | '>';
  /** In lower case. */
  readonly value: string;
}

export function isActive({ query, kinds, errorsOnly, minDuration }: Filter): boolean {
  return query.trim() !== '' || kinds.size > 0 || errorsOnly || minDuration > 0;
}

const TERM = /(?<not>-?)(?:(?<key>[\w.@/-]*\w)(?<operator>[=<>]))?(?:"(?<quoted>[^"]*)"|(?<plain>[^\s"]*))/g;

/** `read_file -status=ok "two words" tool_count>3`: terms are joined by and. */
export function parseQuery(query: string): readonly Term[] {
  const terms: Term[] = [];
  for (const { groups = {} } of query.matchAll(TERM)) {
    const { not, key, operator, quoted, plain = '' } = groups;
    const value = (quoted ?? plain).toLowerCase();
    if (key === undefined && value === '') continue;
    terms.push({
      not: not === '-',
      key: key?.toLowerCase(),
      operator: operator === '<' || operator === '>' ? operator : '=',
      value,
    });
  }
  return terms;
}

/** By span: 1 where the filter lets it through. */
export function matchSpans(table: SpanTable, filter: Filter): Uint8Array {
  const matches = new Uint8Array(table.count);
  const tests = parseQuery(filter.query).map((term) => testOf(table, term));
  for (let span = 0; span < table.count; span += 1) {
    if (passes(table, filter, span) && tests.every((test) => test(span))) matches[span] = 1;
  }
  return matches;
}

function passes(table: SpanTable, { kinds, errorsOnly, minDuration }: Filter, span: number): boolean {
  if (kinds.size > 0 && !kinds.has(at(table.kind, span))) return false;
  if (errorsOnly && !isError(table, span)) return false;
  return at(table.duration, span) >= minDuration;
}

type Test = (span: number) => boolean;

function testOf(table: SpanTable, term: Term): Test {
  const test = term.key === undefined ? anywhereTest(table, term.value) : keyTest(table, term.key, term);
  return term.not ? (span) => !test(span) : test;
}

/** Names, ids and every text of the attributes, events included: each distinct text is looked at once. */
function anywhereTest(table: SpanTable, wanted: string): Test {
  const hits = Uint8Array.from(table.strings, (string) => (string.toLowerCase().includes(wanted) ? 1 : 0));
  const inEvents = new Set<number>();
  for (const [span, events] of table.events) {
    if (events.some(({ name, attributes }) => contains(name, wanted) || anyContains(attributes, wanted))) {
      inEvents.add(span);
    }
  }
  return (span) =>
    hits[at(table.id, span)] === 1 ||
    hits[at(table.name, span)] === 1 ||
    hits[at(table.session, span)] === 1 ||
    hits[at(table.trace, span)] === 1 ||
    hitsValue(table, span, hits) ||
    inEvents.has(span);
}

function hitsValue(table: SpanTable, span: number, hits: Uint8Array): boolean {
  let from = at(table.valuesAt, span);
  for (const index of [at(table.attributesShape, span), at(table.factsShape, span)]) {
    const shape = shapeOf(table, index);
    for (const { type, offset } of shape.slots) {
      if (isText(type) && hits[table.values[from + offset] ?? -1] === 1) return true;
    }
    from += shape.length;
  }
  return false;
}

function anyContains(pairs: ReturnType<typeof pairsOf>, wanted: string): boolean {
  return pairs.some(([, value]) => contains(String(value), wanted));
}

function contains(text: string, wanted: string): boolean {
  return text.toLowerCase().includes(wanted);
}

/** Numbers compare as numbers; `key=` alone asks whether the key is there. */
function keyTest(table: SpanTable, key: string, { operator, value }: Term): Test {
  const limit = Number(value);
  const fits = (found: Value): boolean => {
    if (operator === '>') return Number(found) > limit;
    if (operator === '<') return Number(found) < limit;
    return typeof found === 'number' && value !== '' ? found === limit : contains(String(found), value);
  };
  return (span) => valuesFor(table, span, key).some(fits);
}

/** The span's own fields first, then attributes whose key is the word or ends with it after a dot. */
function valuesFor(table: SpanTable, span: number, key: string): readonly Value[] {
  switch (key) {
    case 'id':
      return [text(table, at(table.id, span))];
    case 'name':
      return [text(table, at(table.name, span))];
    case 'trace':
      return [text(table, at(table.trace, span))];
    case 'session':
      return [text(table, at(table.session, span))];
    case 'kind':
      return [KINDS[at(table.kind, span)] ?? ''];
    case 'duration_ms':
      return [at(table.duration, span) / 1000];
    default:
      return attributesFor(table, span, key);
  }
}

function attributesFor(table: SpanTable, span: number, key: string): readonly Value[] {
  const shape = shapeOf(table, at(table.attributesShape, span));
  const named = shape.slots.some((slot) => isNamed(slot.key, key));
  const found = named
    ? attributesOf(table, span).flatMap(([name, value]) => (isNamed(name, key) ? [value] : []))
    : [];
  const known = factByName(table, span, key);
  return known === undefined ? found : [known, ...found];
}

function isNamed(name: string, key: string): boolean {
  const lower = name.toLowerCase();
  return lower === key || lower.endsWith(`.${key}`);
}

const FACTS = ['tool', 'model', 'outcome', 'role', 'platform', 'incomplete'] as const;

function factByName(table: SpanTable, span: number, key: string): Value | undefined {
  const name = FACTS.find((candidate) => candidate === key);
  return name === undefined ? undefined : fact(table, span, name);
}
