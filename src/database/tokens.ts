/** Token counts: of single calls where they are recorded, and what is left of a session's sums. Nothing is distributed by guess. */
import type { DatabaseSession, SessionRow, UsageRow } from '../model/database.ts';
import type { Usage } from '../model/event.ts';
import type { TokenSums } from '../model/span.ts';
import type { EpochMicros } from '../model/time.ts';
import type { KnownSession } from './known.ts';
import type { TimedCall, TimedTurn } from './times.ts';

export interface SharedUsage {
  readonly byCall: ReadonlyMap<TimedCall, Usage>;
  /** What no call of the session has, per model and task. */
  readonly rest: readonly UsageRow[];
}

const KEYS = [
  'inputTokens',
  'outputTokens',
  'cacheReadTokens',
  'cacheWriteTokens',
  'reasoningTokens',
] as const satisfies readonly (keyof Usage)[];

/** What is counted elsewhere. */
export interface Counted {
  /** In a hook log. */
  readonly known: KnownSession | undefined;
  /** By an earlier run. */
  readonly kept: KeptSums | undefined;
}

/** The sums of a session when it was replayed before, per model and task. Plain data. */
export interface KeptSums {
  /** Of its last row then. */
  readonly time: EpochMicros;
  readonly usage: readonly Pick<UsageRow, 'model' | 'task' | 'tokens'>[];
}

/** All sums of a session, to keep for the next run. */
export function sumsOf(rows: DatabaseSession): KeptSums['usage'] {
  return [...ownSums(rows), ...taskSums(rows, undefined)].map(({ model, task, tokens }) => ({
    model,
    task,
    tokens,
  }));
}

/** The usage of the calls in `turns`, as far as it is known, and the rest of the session's sums. */
export function shareUsage(
  rows: DatabaseSession,
  turns: readonly TimedTurn[],
  { known, kept }: Counted,
): SharedUsage {
  const { session } = rows;
  const byCall = usageByCall(rows, turns);
  const rest = ownSums(rows);
  for (const usage of known?.usages ?? []) subtract(rest, usage, session.model);
  for (const { tokens, model, task } of kept?.usage ?? [])
    if (task === undefined) subtract(rest, tokens, model);
  for (const [{ log, end }, usage] of byCall) {
    const isNew = kept === undefined || end > kept.time;
    if (isNew) subtract(rest, usage, log?.model ?? session.model);
  }
  const tasks = known?.hasAuxiliary ? [] : taskSums(rows, kept);
  return { byCall, rest: [...rest, ...tasks].filter(hasTokens) };
}

function usageByCall(rows: DatabaseSession, turns: readonly TimedTurn[]): ReadonlyMap<TimedCall, Usage> {
  const { session } = rows;
  const calls = turns.flatMap((turn) => turn.calls);
  const [only, ...others] = calls;
  if (only !== undefined && others.length === 0 && session.apiCallCount === 1) {
    return new Map([[only, session.tokens]]);
  }
  const byCall = new Map<TimedCall, Usage>();
  for (const call of calls) {
    const usage = loggedUsage(session, call);
    if (usage !== undefined) byCall.set(call, usage);
  }
  return byCall;
}

/**
 * What the log says of a call. It counts cached tokens into the prompt, and older releases do not say how many were written to
 * the cache: then the uncached part is unknown in a session that wrote some.
 */
function loggedUsage({ tokens }: SessionRow, { log }: TimedCall): Usage | undefined {
  if (log?.promptTokens === undefined && log?.outputTokens === undefined) return undefined;
  const { promptTokens, outputTokens, cacheReadTokens = 0 } = log;
  const wroteSome = (tokens.cacheWriteTokens ?? 0) > 0;
  const cacheWriteTokens = log.cacheWriteTokens ?? (wroteSome ? undefined : 0);
  const knowsInput = promptTokens !== undefined && cacheWriteTokens !== undefined;
  return {
    inputTokens: knowsInput ? Math.max(0, promptTokens - cacheReadTokens - cacheWriteTokens) : undefined,
    outputTokens,
    cacheReadTokens,
    cacheWriteTokens,
    reasoningTokens: undefined,
    promptTokens: knowsInput ? promptTokens : undefined,
    totalTokens: undefined,
  };
}

type Counts = { -readonly [K in keyof TokenSums]: TokenSums[K] };
type Sums = Omit<UsageRow, 'tokens'> & { readonly tokens: Counts };

/** The sums of the agent's own calls per model; a gateway may write its sums into the session alone. */
function ownSums({ session, usage }: DatabaseSession): readonly Sums[] {
  const own = usage.filter(({ task }) => task === undefined);
  const agrees = KEYS.every((key) => {
    const sum = own.reduce((total, { tokens }) => total + (tokens[key] ?? 0), 0);
    return sum === (session.tokens[key] ?? 0);
  });
  if (own.length > 0 && agrees) return own.map((row) => ({ ...row, tokens: { ...row.tokens } }));
  const { model, provider, apiCallCount: callCount } = session;
  const tokens = { ...session.tokens };
  return [{ model, provider, task: undefined, callCount, tokens, lastSeen: undefined }];
}

/** The sums of Hermes's own tasks, without what was counted before. */
function taskSums({ usage }: DatabaseSession, kept: KeptSums | undefined): readonly Sums[] {
  const sums = usage.flatMap((row) =>
    row.task === undefined ? [] : [{ ...row, tokens: { ...row.tokens } }],
  );
  for (const row of sums) {
    const before = kept?.usage.find(({ model, task }) => model === row.model && task === row.task);
    if (before !== undefined) subtract([row], before.tokens, row.model);
  }
  return sums;
}

/** Takes a call's tokens out of the sums, first out of those of its own model. */
function subtract(rest: readonly Sums[], usage: TokenSums, model: string | undefined): void {
  const ofModel = rest.filter((row) => row.model === model);
  for (const key of KEYS) {
    let left = usage[key] ?? 0;
    for (const { tokens } of [...ofModel, ...rest]) {
      const taken = Math.min(left, tokens[key] ?? 0);
      if (taken === 0) continue;
      tokens[key] = (tokens[key] ?? 0) - taken;
      left -= taken;
    }
  }
}

function hasTokens({ tokens }: UsageRow): boolean {
  return KEYS.some((key) => (tokens[key] ?? 0) > 0);
}
