import type { Diagnostic } from '../model/diagnostic.ts';

interface Effect {
  readonly severity: Diagnostic['severity'];
  /** What the finding does to the trace. */
  readonly effect: string;
}

/** What the checks of this folder find. Only what a replay cannot use at all is an error. */
export const EFFECTS = {
  untimed: {
    severity: 'error',
    effect: 'it cannot be placed: replay leaves it out, unless --assume-times gives it an artificial time',
  },
  'api-unanswered': {
    severity: 'warning',
    effect:
      'a call that is tried again failed; any other ends with the next call or its turn, incomplete and without tokens',
  },
  'api-unasked': { severity: 'warning', effect: 'the span begins where the answer says that the call did' },
  'auxiliary-unanswered': {
    severity: 'warning',
    effect: 'the span ends with its turn, incomplete and without tokens',
  },
  'auxiliary-unasked': {
    severity: 'warning',
    effect: 'the span begins where the answer says that the call did',
  },
  'tool-unended': {
    severity: 'warning',
    effect: 'the span ends with the next request or its turn, and is marked incomplete',
  },
  'tool-unstarted': { severity: 'warning', effect: 'the span begins as long before its end as it took' },
  'tool-ended-twice': { severity: 'warning', effect: 'the first end counts' },
  'tool-double-fire': { severity: 'info', effect: 'the two are one call' },
  'subagent-unended': {
    severity: 'warning',
    effect: 'the span ends with the last event of the child, and is marked incomplete',
  },
  'subagent-unlinked': {
    severity: 'info',
    effect: 'the child has a trace of its own: nothing names its parent',
  },
  'approval-unanswered': {
    severity: 'info',
    effect: 'the span ends with the next approval of the command or its turn, and is marked incomplete',
  },
  'approval-unasked': { severity: 'warning', effect: 'the span has no duration' },
  'turn-unended': {
    severity: 'warning',
    effect: 'the span ends with its last event, and is marked incomplete',
  },
  'turn-unstarted': { severity: 'info', effect: 'nothing, when no turn of the session is open' },
  'no-session-start': { severity: 'info', effect: 'the session begins with its first event' },
  'no-session-end': { severity: 'info', effect: 'the session ends with its last event' },
  'clock-back': {
    severity: 'warning',
    effect: 'calls are paired by id all the same; an end before its start is moved to the start',
  },
  'out-of-order': { severity: 'info', effect: 'put in order within --reorder-window' },
  'clock-apart': { severity: 'warning', effect: "the span keeps to the recorder's time" },
  'same-line': { severity: 'warning', effect: 'what it says is told once' },
  'same-delivery': { severity: 'info', effect: 'what it says is told once' },
  'two-recorders': {
    severity: 'warning',
    effect: 'each call is told once, at the time of the recorder that came first',
  },
  'unknown-hook': { severity: 'info', effect: 'counted, and no span' },
  'unknown-field': { severity: 'info', effect: 'not read' },
  'test-payload': { severity: 'info', effect: 'left out: it belongs to no session' },
  'mixed-dialects': { severity: 'info', effect: 'each line is read as its own release wrote it' },
  secret: {
    severity: 'warning',
    effect: 'not exported without --capture-content; redact the log before you hand it on',
  },
} as const satisfies Readonly<Record<string, Effect>>;

export type FindingCode = keyof typeof EFFECTS;

/** What becomes of a line about which the parser had something to say, by the parser's code. */
export function effectOf({ code, severity }: Diagnostic): string {
  if (severity === 'error') return 'the line is skipped: what it told is missing from the trace';
  return PARSER_EFFECTS[code] ?? 'the event is used as described';
}

const PARSER_EFFECTS: Readonly<Record<string, string>> = {
  'wrong-type': 'the field counts as not sent',
  'bad-time': 'the time counts as not sent',
  'missing-id': 'no session is found by it: it may make no span',
  'usage-mismatch': 'the span has no input tokens',
};
