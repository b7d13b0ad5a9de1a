/** The findings of this folder: how grave each is, what it does to the trace, and how it is noted. */
import type { Diagnostic } from '../model/diagnostic.ts';
import type { LineRef } from '../model/line.ts';
import type { Finding, LintState } from './report.ts';

/** All findings by code, with their consequence for the trace. Only a line that a replay cannot use is an error. */
export const EFFECTS = {
  untimed: ['error', 'replay leaves the line out, unless --assume-times gives it an artificial time'],
  'api-unanswered': [
    'warning',
    'an attempt that is retried failed; any other ends with the next call or its turn, incomplete and without tokens',
  ],
  'api-unasked': ['warning', 'the span begins at the start time in the answer'],
  'auxiliary-unanswered': ['warning', 'the span ends with its turn, incomplete and without tokens'],
  'auxiliary-unasked': ['warning', 'the span begins at the start time in the answer'],
  'tool-unended': ['warning', 'the span ends with the next request or its turn, and is marked incomplete'],
  'tool-unstarted': ['warning', 'the span begins at its end less its duration'],
  'tool-ended-twice': ['warning', 'the first end counts'],
  'tool-double-fire': ['info', 'the two are one call'],
  'subagent-unended': ['warning', 'the span ends with the last event of the child, and is marked incomplete'],
  'subagent-unlinked': ['info', 'the child has a trace of its own: no event names its parent'],
  'approval-unanswered': [
    'info',
    'the span ends with the next approval of the command, its tool or its turn, and is marked incomplete',
  ],
  'approval-unasked': ['warning', 'the span has no duration'],
  'turn-unended': ['warning', 'the span ends with its last event, and is marked incomplete'],
  'turn-unstarted': ['info', 'none, when no turn of the session is open'],
  'no-session-start': ['info', 'the session begins with its first event'],
  'no-session-end': ['info', 'the session ends with its last event'],
  'clock-back': ['warning', 'calls are still paired by id; an end before its start is moved to the start'],
  'out-of-order': ['info', 'events are sorted within --reorder-window'],
  'clock-apart': ['warning', "the span keeps the recorder's time"],
  'local-time': ['info', 'replay moves the times of this recorder to UTC'],
  'no-zone': [
    'info',
    "read with the offset that Hermes's times in the log show, else with --timezone, else as UTC",
  ],
  merged: ['info', 'none: each call counts once, by the event that came first'],
  'same-line': ['warning', 'the event counts once'],
  'same-delivery': ['info', 'the event counts once'],
  'two-recorders': ['warning', 'each call counts once, at the time of the first recorder'],
  'unknown-hook': ['info', 'counted, no span'],
  'unknown-field': ['info', 'not read'],
  'test-payload': ['info', 'left out: it belongs to no session'],
  'mixed-dialects': ['info', 'each line is read in the dialect of its release'],
  secret: ['warning', 'not exported without --capture-content; redact the log before sharing it'],
} as const satisfies Readonly<Record<string, readonly [Diagnostic['severity'], effect: string]>>;

export type FindingCode = keyof typeof EFFECTS;

/** Notes a finding. Places with the same code and message are one finding; `detail` distinguishes them. */
export function note(
  state: LintState,
  code: FindingCode,
  message: string,
  at: LineRef & { readonly detail?: string | undefined },
): void {
  const [severity, effect] = EFFECTS[code];
  if (REPETITIONS.has(code)) state.repeated.add(`${at.source}:${at.line}`);
  add(state, { severity, code, message, effect }, at);
}

/** Findings about events that repeat another one. */
const REPETITIONS: ReadonlySet<FindingCode> = new Set([
  'same-line',
  'same-delivery',
  'tool-double-fire',
  'tool-ended-twice',
  'turn-unstarted',
]);

/** Notes a diagnostic of parsing or of the reconstruction. */
export function noteDiagnostic(state: LintState, diagnostic: Diagnostic, at: LineRef): void {
  const { severity, code, message } = diagnostic;
  add(state, { severity, code, message, effect: effectOf(diagnostic) }, diagnostic.at ?? at);
}

/** The effect of a diagnostic, by its code. */
function effectOf({ code, severity }: Diagnostic): string {
  if (severity === 'error') return 'the line is skipped: its event is missing from the trace';
  return STAGE_EFFECTS[code] ?? 'the event is used as described';
}

const STAGE_EFFECTS: Readonly<Record<string, string>> = {
  'no-session': 'the event is in no span',
  'id-by-ordinal': 'the spans have ids of their own, which another order of the lines would exchange',
  'late-link': 'the child has a trace of its own',
  'tool-call-id-repeated': 'the calls are told apart by their requests and arguments',
  'ended-twice': 'the first end counts',
  'end-before-start': 'the end is moved to the start',
  'api-time-disagrees': "the recorder's time counts",
  'wrong-type': 'the field counts as not sent',
  'bad-time': 'the time counts as not sent',
  'usage-mismatch': 'the span has no input tokens',
};

const MOST_PLACES = 20;

function add(
  state: LintState,
  kind: Omit<Finding, 'count' | 'places'>,
  { source, line, detail }: LineRef & { readonly detail?: string | undefined },
): void {
  const key = `${kind.code} ${kind.message}`;
  const finding = state.findings.get(key) ?? { ...kind, count: 0, places: [] };
  finding.count += 1;
  if (finding.places.length < MOST_PLACES) finding.places.push({ source, line, detail });
  state.findings.set(key, finding);
}
