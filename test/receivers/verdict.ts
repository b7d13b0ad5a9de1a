/** Compares what a receiver would show with what happened, aspect by aspect. */
import type { ConventionOptions } from '../../src/conventions/convention.ts';
import { convention } from '../../src/conventions/convention.ts';
import type { ConventionName } from '../../src/conventions/names.ts';
import type { AgentSpan } from '../../src/model/span.ts';
import { isError } from '../../src/model/span.ts';
import type { Aspect, Judge, Kind, Reading, Tokens } from './judges.ts';

/** `right`; `missing`: it shows nothing; `wrong`: it shows something that is not so. */
export type Verdict = 'right' | 'missing' | 'wrong';

interface Seen {
  readonly span: AgentSpan;
  readonly reading: Reading;
}

export function verdicts(
  judge: Judge,
  spans: readonly AgentSpan[],
  names: readonly ConventionName[],
  options: ConventionOptions,
): ReadonlyMap<Aspect, Verdict> {
  const { toSpan } = convention(names, options);
  const seen = spans.map((span) => ({ span, reading: judge.read(toSpan(span)) }));
  return new Map(judge.shows.map((aspect) => [aspect, CHECKS[aspect](seen)]));
}

const KINDS: Readonly<Record<AgentSpan['kind'], readonly Kind[]>> = {
  session: ['agent', 'other'],
  turn: ['agent', 'other'],
  subagent: ['agent', 'other'],
  approval: ['agent', 'other'],
  api_call: ['call'],
  auxiliary_call: ['call'],
  tool_call: ['tool'],
};

const isCall = ({ span }: Seen) => span.kind === 'api_call' || span.kind === 'auxiliary_call';
/** Spans that the receiver adds up: calls, and whatever it takes for one. */
const isCounted = ({ reading }: Seen) => reading.kind === 'call';

const CHECKS: Readonly<Record<Aspect, (seen: readonly Seen[]) => Verdict>> = {
  kinds: (seen) => {
    const odd = seen.filter(({ span, reading }) => !KINDS[span.kind].includes(reading.kind ?? 'other'));
    if (odd.length === 0) return 'right';
    return odd.every(({ reading }) => reading.kind === 'other') ? 'missing' : 'wrong';
  },
  tokens: (seen) =>
    worst([
      sums(
        seen,
        ({ input }) => input,
        (tokens) => tokens.promptTokens,
      ),
      sums(
        seen,
        ({ output }) => output,
        (tokens) => tokens.outputTokens,
      ),
    ]),
  cached: (seen) =>
    worst([
      sums(
        seen,
        ({ cacheRead }) => cacheRead,
        (tokens) => tokens.cacheReadTokens,
      ),
      sums(
        seen,
        ({ cacheWrite }) => cacheWrite,
        (tokens) => tokens.cacheWriteTokens,
      ),
    ]),
  reasoning: (seen) =>
    sums(
      seen,
      ({ reasoning }) => reasoning,
      (tokens) => tokens.reasoningTokens,
    ),
  // Each span that carries money is added up, whatever its kind.
  cost: (seen) =>
    compare(
      total(seen, ({ reading }) => reading.cost),
      total(seen, ({ span }) => costOf(span)),
    ),
  session: (seen) =>
    found(
      seen,
      ({ reading }) => reading.session,
      (span) => span.sessionId,
    ),
  user: (seen) =>
    found(
      seen,
      ({ reading }) => reading.user,
      (span) => (span.kind === 'turn' ? span.senderId : undefined),
    ),
  text: (seen) => worst([texts(seen, 'turn'), texts(seen, 'session')]),
  provider: (seen) => providers(seen.filter(isCall)),
  errors: (seen) => (seen.every(({ span, reading }) => reading.error === isError(span)) ? 'right' : 'wrong'),
};

function worst(list: readonly Verdict[]): Verdict {
  if (list.includes('wrong')) return 'wrong';
  return list.includes('missing') ? 'missing' : 'right';
}

type Usage = NonNullable<Extract<AgentSpan, { kind: 'api_call' }>['usage']>;

function usageOf({ span }: Seen): Usage | undefined {
  return span.kind === 'api_call' || span.kind === 'auxiliary_call' ? span.usage : undefined;
}

function costOf(span: AgentSpan): number | undefined {
  return span.kind === 'api_call' || span.kind === 'auxiliary_call' ? span.cost?.usd : undefined;
}

function sums(
  seen: readonly Seen[],
  shown: (tokens: Tokens) => number | undefined,
  used: (usage: Usage) => number | undefined,
): Verdict {
  const expected = total(seen, (one) => {
    const usage = usageOf(one);
    return usage && used(usage);
  });
  // Kinds that it does not distinguish are judged as kinds; here only what is on calls counts as shown.
  const counted = seen.some(isCounted) ? seen.filter(isCounted) : seen.filter(isCall);
  return compare(
    total(counted, ({ reading }) => reading.tokens && shown(reading.tokens)),
    expected,
  );
}

/** `undefined` when no span has a value. */
function total(seen: readonly Seen[], read: (seen: Seen) => number | undefined): number | undefined {
  const values = seen.map(read).filter((value) => value !== undefined);
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0);
}

function compare(shown: number | undefined, expected: number | undefined): Verdict {
  if (shown === undefined) return expected === undefined ? 'right' : 'missing';
  return expected !== undefined && Math.abs(shown - expected) < 1e-9 ? 'right' : 'wrong';
}

/** Receivers take these of a trace from any span of it. */
function found(
  seen: readonly Seen[],
  shown: (seen: Seen) => string | undefined,
  expected: (span: AgentSpan) => string | undefined,
): Verdict {
  const values = seen.map(shown).filter((value) => value !== undefined);
  if (values.length === 0) return 'missing';
  const known = new Set(seen.map(({ span }) => expected(span)));
  return values.every((value) => known.has(value)) ? 'right' : 'wrong';
}

function texts(seen: readonly Seen[], kind: 'turn' | 'session'): Verdict {
  for (const { span, reading } of seen) {
    if (span.kind !== kind || span.userMessage === undefined) continue;
    if (reading.input === undefined || reading.output === undefined) return 'missing';
    if (!reading.input.includes(span.userMessage)) return 'wrong';
    if (!reading.output.includes(span.assistantResponse ?? '')) return 'wrong';
  }
  return 'right';
}

/** A provider that is no provider of models has no price anywhere. */
function providers(calls: readonly Seen[]): Verdict {
  const shown = calls.map(({ reading }) => reading.provider);
  if (shown.includes('hermes-agent')) return 'wrong';
  return shown.includes(undefined) ? 'missing' : 'right';
}
