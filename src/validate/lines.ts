/** What a line is, whatever else the log holds. */
import type { InputLine, LineFacts, LineRef, ParsedLine } from '../model/line.ts';
import { nameIn } from './name.ts';
import { findSecrets } from './secrets.ts';
import { increment, type LintState, note, noteDiagnostic } from './state.ts';

/** Counts the line as what it is, and notes what its parsing found. */
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
      note(state, 'unknown-hook', `${nameIn(parsed.hook)} is no hook that we know`, at);
      return;
    case 'test':
      note(state, 'test-payload', 'sent by "hermes hooks test"', at, nameIn(parsed.hook));
      return;
    case 'untimed':
      state.lost += 1;
      note(state, 'untimed', 'no time on the line', at, hookOf(parsed.event));
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

/** Counts envelopes, dialects and hooks; test payloads say nothing of the dialect, as they are the same in all. */
export function countFacts(state: LintState, facts: LineFacts, parsed: ParsedLine, at: LineRef): void {
  increment(state.envelopes, facts.envelope);
  increment(state.hooks, nameIn(facts.hook));
  if (facts.schemaVersion !== undefined) increment(state.schemaVersions, nameIn(facts.schemaVersion));
  for (const field of facts.unknownFields) {
    note(
      state,
      'unknown-field',
      `${nameIn(facts.hook)} has a field ${nameIn(field)}, which Hermes does not give it`,
      at,
    );
  }
  if (parsed.kind !== 'test' && facts.dialect !== 'unknown') countDialect(state, facts.dialect, at);
}

function countDialect(state: LintState, dialect: string, { source, line }: LineRef): void {
  const count = state.dialects.get(dialect) ?? { dialect, lines: 0, first: { source, line } };
  count.lines += 1;
  state.dialects.set(dialect, count);
}

/** Tells kinds and lines, never the secrets themselves. */
export function checkSecrets(state: LintState, line: InputLine): void {
  for (const kind of new Set(findSecrets(line.text).map((secret) => secret.kind))) {
    note(state, 'secret', `looks like a secret: ${kind}`, line);
  }
}
