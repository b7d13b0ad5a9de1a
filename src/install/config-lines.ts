/** Edits of a YAML text by lines. They do not check the result: the caller compares it with the same edit of the parsed document. */
import { isCollection, isMap, isScalar, isSeq, type Pair, parseDocument, type Scalar, stringify } from 'yaml';
import type { JsonValue } from '../model/json.ts';

/** One item of a list below two keys, such as `plugins` and `enabled`, or `hooks` and `pre_tool_call`. */
export interface ListItem {
  readonly outer: string;
  readonly inner: string;
  readonly value: JsonValue;
}

/** The end of every added line, and of no other. */
const MARK = '# hermes-otel init';
const MARKED_LINE = / # hermes-otel init\s*$/;

/** Adds the item in lines of its own, after the line of the innermost key that exists. */
export function addItem(text: string, { outer, inner, value }: ListItem): string {
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  const line = (indent: number, content: string) => `${' '.repeat(indent)}${content} ${MARK}${eol}`;
  const item = flow(value);
  const outerPair = pairAt(parseDocument(text).contents, outer);
  if (outerPair === undefined) {
    const gap = text === '' || text.endsWith('\n') ? '' : eol;
    return `${text}${gap}${line(0, `${outer}:`)}${line(2, `${inner}:`)}${line(4, `- ${item}`)}`;
  }
  const innerPair = pairAt(outerPair.value, inner);
  if (innerPair === undefined) {
    const indent = childColumn(text, outerPair);
    return afterLine(text, outerPair, line(indent, `${inner}:`) + line(indent + 2, `- ${item}`), eol);
  }
  const list = innerPair.value;
  if (isSeq(list) && list.flow === true && list.range) {
    const start = list.range[0] + 1;
    return `${text.slice(0, start)}${item}${list.items.length > 0 ? ', ' : ''}${text.slice(start)}`;
  }
  return afterLine(text, innerPair, line(childColumn(text, innerPair), `- ${item}`), eol);
}

/** Removes the item from a list in flow style; `undefined` when the list is in block style or contains a comment. */
export function removeItem(text: string, { outer, inner, value }: ListItem): string | undefined {
  const document = parseDocument(text);
  const list = pairAt(pairAt(document.contents, outer)?.value, inner)?.value;
  if (!isSeq(list) || list.flow !== true || !list.range) return undefined;
  const [start, end] = list.range;
  const items: readonly JsonValue[] = list.toJS(document);
  const left = items.filter((found) => flow(found) !== flow(value));
  return text.slice(start, end).includes('#')
    ? undefined
    : text.slice(0, start) + flow(left) + text.slice(end);
}

export function withoutMarkedLines(text: string): string {
  return linesOf(text)
    .filter((line) => !MARKED_LINE.test(line))
    .join('');
}

/** The lines of a text, each with its line break. */
export function linesOf(text: string): readonly string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

interface KeyedPair {
  readonly key: Scalar;
  readonly value: unknown;
}

function pairAt(node: unknown, key: string): KeyedPair | undefined {
  const pairs: readonly Pair<unknown, unknown>[] = isMap(node) ? node.items : [];
  const found = pairs.find((pair) => isScalar(pair.key) && pair.key.value === key);
  return found !== undefined && isScalar(found.key) ? { key: found.key, value: found.value } : undefined;
}

/** The column of the pair's children, also when it has none yet. */
function childColumn(text: string, { key, value }: KeyedPair): number {
  const child = isCollection(value) && value.flow !== true ? value.range?.[0] : undefined;
  return child === undefined ? column(text, key.range?.[0] ?? 0) + 2 : column(text, child);
}

function column(text: string, offset: number): number {
  return offset - (text.lastIndexOf('\n', offset - 1) + 1);
}

function afterLine(text: string, { key }: KeyedPair, lines: string, eol: string): string {
  const end = text.indexOf('\n', key.range?.[1] ?? 0);
  return end < 0 ? `${text}${eol}${lines}` : `${text.slice(0, end + 1)}${lines}${text.slice(end + 1)}`;
}

function flow(value: JsonValue): string {
  return stringify(value, { collectionStyle: 'flow', lineWidth: 0, flowCollectionPadding: false }).trim();
}
