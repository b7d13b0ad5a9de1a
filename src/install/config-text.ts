/**
 * Adds items to lists of a YAML text and removes them. The text around them stays as it is, byte for byte. Writing a parsed document
 * keeps its comments, but moves, folds and quotes lines of the user. So each edit is made on lines, parsed again, and compared with
 * the same edit of the document. Only when the two differ is the document itself written.
 */
import { isDeepStrictEqual } from 'node:util';
import { type Document, isMap, isNode, isSeq, parseDocument, type YAMLSeq } from 'yaml';
import { isJsonObject, type JsonValue } from '../model/json.ts';
import { addItem, type ListItem, removeItem, withoutMarkedLines } from './config-lines.ts';

/** Why nothing can be done, for the user. Nothing was changed. */
export class Refusal extends Error {}

/**
 * The text with every item at the front of its list. Items that are there already are not added again.
 * Throws a `Refusal` with one clause, without content of the file.
 */
export function withItems(text: string, items: readonly ListItem[]): string {
  // Each is added at the front, so the last goes first.
  return edited(text, items.toReversed(), withItem);
}

/** The text without those items, and without the lists and mappings that become empty. Throws like `withItems`. */
export function withoutItems(text: string, items: readonly ListItem[]): string {
  const result = edited(text, items, withoutItem);
  const unmarked = withoutMarkedLines(text);
  return sameMeaning(unmarked, result) ? unmarked : result;
}

/** The items of the list; none when there is no such list, or the text cannot be parsed. */
export function listAt(text: string, outer: string, inner: string): readonly JsonValue[] {
  const list = valueAt(valueAt(parseDocument(text).toJS(), outer), inner);
  return Array.isArray(list) ? list : [];
}

function edited(
  text: string,
  items: readonly ListItem[],
  edit: (text: string, item: ListItem) => string,
): string {
  for (const item of items) {
    const reason = objection(text, item);
    if (reason !== undefined) throw new Refusal(reason);
  }
  return items.reduce(edit, text);
}

function objection(text: string, { outer, inner }: ListItem): string | undefined {
  const document = parseDocument(text);
  const error = document.errors[0];
  if (error !== undefined) {
    const code = error.code.toLowerCase().replaceAll('_', ' ');
    return `line ${error.linePos?.[0].line ?? 1} is not valid YAML (${code})`;
  }
  const root: JsonValue = document.toJS();
  const mapping = valueAt(root, outer);
  const list = valueAt(mapping, inner);
  if (!isJsonObject(root) && !isEmpty(root)) return 'it is not a mapping';
  if (!isJsonObject(mapping) && !isEmpty(mapping)) return `"${outer}" is not a mapping`;
  return Array.isArray(list) || isEmpty(list) ? undefined : `"${outer}.${inner}" is not a list`;
}

function withItem(text: string, item: ListItem): string {
  if (listAt(text, item.outer, item.inner).some((found) => isDeepStrictEqual(found, item.value))) return text;
  const wanted = parseDocument(text);
  listIn(wanted, item).items.unshift(wanted.createNode(item.value));
  return closest(addItem(text, item), wanted, text);
}

function listIn(document: Document.Parsed, { outer, inner }: ListItem): YAMLSeq<unknown> {
  if (!isMap(document.get(outer, true))) {
    document.set(outer, document.createNode({}));
  }
  const found = document.getIn([outer, inner], true);
  if (isSeq(found)) return found;
  const list = document.createNode<unknown[]>([]);
  document.setIn([outer, inner], list);
  return list;
}

function withoutItem(text: string, item: ListItem): string {
  const wanted = parseDocument(text);
  const list = wanted.getIn([item.outer, item.inner], true);
  if (!isSeq(list)) return text;
  const left = list.items.filter(
    (node) => !isDeepStrictEqual(isNode(node) ? node.toJS(wanted) : node, item.value),
  );
  if (left.length === list.items.length) return text;
  list.items = left;
  if (left.length === 0 && list.flow !== true) {
    wanted.deleteIn([item.outer, item.inner]);
  }
  return closest(removeItem(text, item), wanted, text);
}

function closest(candidate: string | undefined, wanted: Document.Parsed, text: string): string {
  // Hermes does not indent lists below their key. The library does by default, which would move all of them.
  const written = wanted.toString({
    lineWidth: 0,
    indentSeq: !/^( *)[^ #\n-].*:[ \t]*\r?\n\1- /m.test(text),
  });
  return candidate !== undefined && sameMeaning(candidate, written) ? candidate : written;
}

/** Whether both mean the same to Hermes, for which an empty list or mapping equals a missing one. */
function sameMeaning(one: string, other: string): boolean {
  const [a, b] = [parseDocument(one), parseDocument(other)];
  return (
    a.errors.length === 0 &&
    b.errors.length === 0 &&
    isDeepStrictEqual(withoutEmpty(a.toJS() ?? {}), withoutEmpty(b.toJS() ?? {}))
  );
}

function withoutEmpty(value: JsonValue, depth = 0): JsonValue {
  if (!isJsonObject(value) || depth === 2) return value;
  const entries = Object.entries(value).map(
    ([key, inner]) => [key, withoutEmpty(inner ?? null, depth + 1)] as const,
  );
  return Object.fromEntries(entries.filter(([, inner]) => !isEmpty(inner)));
}

function isEmpty(value: JsonValue | undefined): boolean {
  const isContainer = typeof value === 'object' && value !== null;
  return value === undefined || value === null || (isContainer && Object.keys(value).length === 0);
}

function valueAt(value: JsonValue | undefined, key: string): JsonValue | undefined {
  return isJsonObject(value) ? value[key] : undefined;
}
