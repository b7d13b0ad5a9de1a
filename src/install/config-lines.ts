import { isCollection, isMap, isScalar, isSeq, type Pair, parseDocument, type Scalar, stringify } from 'yaml';
import type { JsonValue } from '../model/json.ts';

/**
 * Edits of a YAML text that touch no line but their own. They do not ask whether the result is still right: whoever
 * calls them compares it with the same edit of the parsed document.
 */

/** One item of the list that is found below two keys: `plugins` and `enabled`, `hooks` and `pre_tool_call`. */
export interface ListItem {
  readonly outer: string;
  readonly inner: string;
  readonly value: JsonValue;
}

/** Ends every line that is set in, and no other. */
const MARK = '# hermes-otel init';
const MARKED_LINE = / # hermes-otel init\s*$/;

/** Sets the item in as lines of its own, right after the line of the innermost key that is there. */
export function setIn(text: string, { outer, inner, value }: ListItem): string {
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

/** Takes the item out of a list in flow style; `undefined` where the list has lines, or comments of its own. */
export function takenOut(text: string, { outer, inner, value }: ListItem): string | undefined {
  const document = parseDocument(text);
  const list = pairAt(pairAt(document.contents, outer)?.value, inner)?.value;
  if (!isSeq(list) || list.flow !== true || !list.range) {
    return undefined;
  }
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

/** The lines of a text, each with its end. */
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

/** Where the pair's children stand, or where they would. */
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
