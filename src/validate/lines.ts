/** Checks of single lines: result of parsing, envelope, dialect, secrets, duplicates. */

import type { InputLine, LineFacts, LineRef, ParsedLine } from '../model/line.ts';
import { cut } from '../model/safe-text.ts';
import { note, noteDiagnostic } from './findings.ts';
import type { DialectCount, LintState, Place } from './report.ts';

/** Counts the line by kind, and notes the parser's diagnostics. */
export function checkParsed(state: LintState, parsed: ParsedLine, at: LineRef): void {
  switch (parsed.kind) {
    case 'blank':
      state.blank += 1;
      return;
    case 'malformed':
      state.lost += 1;
      noteDiagnostic(state, parsed.diagnostic, at);
      return;
    case 'unknown':
      note(state, 'unknown-hook', `${printable(parsed.hook)} is an unknown hook`, at);
      return;
    case 'test':
      note(state, 'test-payload', 'sent by "hermes hooks test"', place(at, parsed.hook));
      return;
    case 'untimed':
      state.lost += 1;
      note(state, 'untimed', 'the line has no time', place(at, hookOf(parsed.event)));
      break;
    case 'event':
      state.events += 1;
      break;
  }
  for (const diagnostic of parsed.diagnostics) noteDiagnostic(state, diagnostic, at);
}

/** Hermes's own name of the hook. */
export function hookOf(event: { readonly hook: string; readonly name?: string }): string {
  return event.name ?? event.hook;
}

/** Counts envelopes, dialects and hooks. Test payloads are alike in all dialects. */
export function countFacts(state: LintState, facts: LineFacts, parsed: ParsedLine, at: LineRef): void {
  increment(state.envelopes, facts.envelope);
  increment(state.hooks, printable(facts.hook));
  if (facts.schemaVersion !== undefined) increment(state.schemaVersions, printable(facts.schemaVersion));
  for (const field of facts.unknownFields) {
    const message = `${printable(facts.hook)} has the field ${printable(field)}, which Hermes does not send`;
    note(state, 'unknown-field', message, at);
  }
  if (parsed.kind !== 'test' && facts.dialect !== 'unknown') countDialect(state, facts.dialect, at);
}

function countDialect(state: LintState, dialect: string, { source, line }: LineRef): void {
  const count = state.dialects.get(dialect) ?? { dialect, lines: 0, first: { source, line } };
  count.lines += 1;
  state.dialects.set(dialect, count);
}

const LONGEST = 80;

/** A name from the log for a message: cut, with an escape for each character that is not printable ASCII. */
export function printable(text: string): string {
  const short = text.length > LONGEST ? `${cut(text, LONGEST)}…` : text;
  return short.replace(/[^ -~…]/gu, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
}

/** The place of a finding, with an id or a name from the log that distinguishes it. */
export function place({ source, line }: LineRef, name: string | undefined): Place {
  return { source, line, detail: name === undefined ? undefined : printable(name) };
}

function increment(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

/** True for a repeated line or delivery, which is noted. */
export function isDuplicate(state: LintState, line: InputLine, deliveryId: string | undefined): boolean {
  const digest = digestOf(line.text);
  if (state.seen.has(digest)) {
    note(state, 'same-line', 'the line is equal to an earlier one', line);
    return true;
  }
  state.seen.add(digest);
  if (deliveryId === undefined) return false;
  if (state.deliveries.has(deliveryId)) {
    note(state, 'same-delivery', 'the webhook was delivered before', line);
    return true;
  }
  state.deliveries.add(deliveryId);
  return false;
}

/** A digest of 53 bits from two FNV-like sums. Enough for the lines of one log, and smaller than the lines. */
function digestOf(text: string): number {
  let high = 0x811c9dc5;
  let low = text.length;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    high = Math.imul(high ^ code, 0x01000193);
    low = Math.imul(low ^ code, 0x5bd1e995) ^ (low >>> 15);
  }
  return (high >>> 0) * 2 ** 21 + (low >>> 11);
}

const NEWEST_FIRST = ['0.20 or newer', '0.16 or newer', '0.12 to 0.15', '0.11 or older', 'before 0.16'];

/** Pairs of a dialect and a less exact name for it: the lines of both count for the left one. */
const FOLDS = new Set([
  '0.20 or newer < 0.16 or newer',
  '0.12 to 0.15 < before 0.16',
  '0.11 or older < before 0.16',
]);

/** The dialects in the log, newest first. More than one is noted. */
export function dialectsOf(state: LintState): readonly DialectCount[] {
  const dialects: DialectCount[] = [];
  for (const next of NEWEST_FIRST.flatMap((dialect) => state.dialects.get(dialect) ?? [])) {
    const last = dialects.at(-1);
    if (last === undefined || !FOLDS.has(`${last.dialect} < ${next.dialect}`)) dialects.push({ ...next });
    else dialects[dialects.length - 1] = { ...last, lines: last.lines + next.lines };
  }
  const [newest, ...older] = dialects;
  for (const { dialect, first } of older) {
    note(state, 'mixed-dialects', `one log has lines of Hermes ${newest?.dialect} and ${dialect}`, first);
  }
  return dialects;
}
