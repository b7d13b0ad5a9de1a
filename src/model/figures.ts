/**
 * The figures of a log: how much happened, how many tokens, what it cost, where the time went. The terminal, the page,
 * `diff`, Markdown, budgets and the report all use this definition. `docs/glossary.md` has it in words.
 */
import type { Usage } from './event.ts';
import { type AgentSpan, type AgentSpanKind, isError } from './span.ts';
import { count, duration, money, percent, plural } from './units.ts';

export interface Tokens {
  /** Whole prompts, including what was read from the cache or written to it. */
  readonly input: number;
  /** The part of `input` that was read from the cache. */
  readonly cached: number;
  /** Answers, including reasoning. */
  readonly output: number;
  /** The side that no call reported although one reported the other side. Its number is 0. */
  readonly unknown?: 'input' | 'output' | undefined;
}

/** What one span adds to the figures. */
export interface Counted {
  readonly kind: AgentSpanKind;
  readonly error: boolean;
  readonly incomplete: boolean;
  /** Of a call: it has an answer. */
  readonly answered: boolean;
  /** Tokens that no other span of the log reports too. */
  readonly tokens: Tokens | undefined;
  /** US dollars that no other span of the log includes too. */
  readonly cost: number | undefined;
}

/** Sums over spans. */
export interface Work {
  turns: number;
  /** Attempts of API calls and auxiliary calls. */
  calls: number;
  tools: number;
  subagents: number;
  /** Spans of any kind that failed. */
  errors: number;
  /** Spans of any kind whose end is not in the log. */
  incomplete: number;
  tokens: Tokens;
  /** Answered calls that reported no tokens. `tokens` leaves them out. */
  withoutUsage: number;
  /** US dollars of the calls whose price is known; `undefined` when there are none. */
  cost: number | undefined;
  /** Calls with tokens whose price is unknown. `cost` leaves them out. */
  withoutPrice: number;
}

/** Where the time of sessions went, in microseconds. The parts add up to `total`. */
export interface TimeSplit {
  /** From the first to the last moment of each session. */
  readonly total: number;
  /** At least one API call or auxiliary call was running. */
  readonly model: number;
  /** At least one tool was running, and no call. */
  readonly tools: number;
  /** A turn was running, but neither a call nor a tool. */
  readonly agent: number;
  /** Between turns, or for the answer to an approval. */
  readonly waiting: number;
}

export interface Figures {
  /** Conversations: a session that continues another after a rotation is not counted again. Sub-agents are none. */
  readonly sessions: number;
  /** Everything, including sub-agents and background reviews. */
  readonly all: Work;
  /** The part of `all` that sub-agents did. */
  readonly inSubagents: Work;
  /** The part of `all` that background reviews did. */
  readonly inReviews: Work;
  /** Background reviews are left out: they run while nobody waits for them. */
  readonly time: TimeSplit;
}

/** A span in a list in which each span stands after its parent. */
export interface Placed extends Counted {
  readonly sessionId: string;
  /** Of a session: the one that it continues. */
  readonly previousSessionId: string | undefined;
  /** Index of the parent in the list; -1 for a root. */
  readonly parent: number;
  readonly startTime: number;
  readonly endTime: number;
  /** In a background review. */
  readonly background: boolean;
  /** Of a turn: in the session of a sub-agent. */
  readonly inSubagent: boolean;
}

export function createWork(): Work {
  return {
    turns: 0,
    calls: 0,
    tools: 0,
    subagents: 0,
    errors: 0,
    incomplete: 0,
    tokens: { input: 0, cached: 0, output: 0 },
    withoutUsage: 0,
    cost: undefined,
    withoutPrice: 0,
  };
}

const COUNTER: Readonly<Partial<Record<AgentSpanKind, 'turns' | 'calls' | 'tools' | 'subagents'>>> = {
  turn: 'turns',
  api_call: 'calls',
  auxiliary_call: 'calls',
  tool_call: 'tools',
  subagent: 'subagents',
};

/** Counts one span. */
export function addToWork(work: Work, { kind, error, incomplete, answered, tokens, cost }: Counted): void {
  const counter = COUNTER[kind];
  if (counter !== undefined) work[counter] += 1;
  if (error) work.errors += 1;
  if (incomplete) work.incomplete += 1;
  if (tokens !== undefined) work.tokens = addTokens(work.tokens, tokens);
  if (cost !== undefined) work.cost = (work.cost ?? 0) + cost;
  if (counter !== 'calls') return;
  if (tokens === undefined && answered) work.withoutUsage += 1;
  if (tokens !== undefined && cost === undefined) work.withoutPrice += 1;
}

export function addTokens(a: Tokens, b: Tokens): Tokens {
  return {
    input: a.input + b.input,
    cached: a.cached + b.cached,
    output: a.output + b.output,
    unknown: isNone(a) ? b.unknown : a.unknown === b.unknown || isNone(b) ? a.unknown : undefined,
  };
}

function isNone({ input, output, unknown }: Tokens): boolean {
  return input === 0 && output === 0 && unknown === undefined;
}

/** What an agent span adds to the figures. */
export function countedOf(span: AgentSpan): Counted {
  return {
    kind: span.kind,
    error: isError(span),
    incomplete: span.incomplete !== undefined,
    answered: 'answered' in span && span.answered,
    tokens: ownTokens(span),
    cost: ownCost(span),
  };
}

/** The cost of a call. Hermes's database has the cost of a whole session instead of each call's. */
export function ownCost(span: AgentSpan): number | undefined {
  if (span.kind === 'api_call' || span.kind === 'auxiliary_call') return span.cost?.usd;
  return span.kind === 'session' ? (span.cost?.actualUsd ?? span.cost?.estimatedUsd) : undefined;
}

/** The tokens of one answer; of a session, those that no call in the log reports. */
function ownTokens(span: AgentSpan): Tokens | undefined {
  if (span.kind === 'api_call' || span.kind === 'auxiliary_call') return tokensOf(span.usage);
  if (span.kind !== 'session') return undefined;
  const tokens = span.modelUsage?.map((model) => tokensOf(model.tokens)).filter((each) => each !== undefined);
  return tokens === undefined || tokens.length === 0 ? undefined : tokens.reduce(addTokens);
}

/** `undefined` when neither input nor output was reported. */
export function tokensOf(usage: Usage | undefined): Tokens | undefined {
  if (usage === undefined) return undefined;
  const {
    inputTokens,
    promptTokens,
    outputTokens,
    cacheReadTokens: cached = 0,
    cacheWriteTokens = 0,
  } = usage;
  if (inputTokens === undefined && promptTokens === undefined && outputTokens === undefined) return undefined;
  return {
    input: promptTokens ?? (inputTokens ?? 0) + cached + cacheWriteTokens,
    cached,
    output: outputTokens ?? 0,
    unknown:
      outputTokens === undefined
        ? 'output'
        : (promptTokens ?? inputTokens) === undefined
          ? 'input'
          : undefined,
  };
}

/** The sum of both. */
export function addWork(a: Work, b: Work): Work {
  return {
    turns: a.turns + b.turns,
    calls: a.calls + b.calls,
    tools: a.tools + b.tools,
    subagents: a.subagents + b.subagents,
    errors: a.errors + b.errors,
    incomplete: a.incomplete + b.incomplete,
    tokens: addTokens(a.tokens, b.tokens),
    withoutUsage: a.withoutUsage + b.withoutUsage,
    cost: a.cost === undefined ? b.cost : a.cost + (b.cost ?? 0),
    withoutPrice: a.withoutPrice + b.withoutPrice,
  };
}

/** True when nothing was done. */
export function isEmpty({ turns, calls, tools }: Work): boolean {
  return turns + calls + tools === 0;
}

/** The figures of a log, or of one session. Each span must stand after its parent. */
export function figuresOf(spans: readonly Placed[]): Figures {
  const all = createWork();
  const inSubagents = createWork();
  const inReviews = createWork();
  const belowSubagent = new Uint8Array(spans.length);
  const belowReview = new Uint8Array(spans.length);
  for (const [index, span] of spans.entries()) {
    const { parent } = span;
    const inReview = span.background || belowReview[parent] === 1;
    const inSubagent = span.inSubagent || belowSubagent[parent] === 1;
    addToWork(all, span);
    if (inReview) addToWork(inReviews, span);
    else if (inSubagent) addToWork(inSubagents, span);
    belowReview[index] = inReview ? 1 : 0;
    belowSubagent[index] = inSubagent || span.kind === 'subagent' ? 1 : 0;
  }
  return { sessions: sessionsIn(spans), all, inSubagents, inReviews, time: timeOf(spans, belowReview) };
}

function sessionsIn(spans: readonly Placed[]): number {
  const sessions = createSessionCount();
  for (const span of spans) noteSession(sessions, span);
  return sessions.count;
}

/** Counts conversations in any order of their spans: one that continues another is not counted again. */
export interface SessionCount {
  count: number;
  readonly ids: Set<string>;
  /** Sessions that are known to continue another one. */
  readonly continuations: Set<string>;
  /** Sessions that another one continues, and of which nothing has come. */
  readonly awaited: Set<string>;
}

/** A follower may run for years: then the oldest ids are forgotten. */
const MAX_SESSION_IDS = 100_000;

export function createSessionCount(): SessionCount {
  return { count: 0, ids: new Set(), continuations: new Set(), awaited: new Set() };
}

interface SessionPart {
  readonly kind: AgentSpanKind;
  readonly sessionId: string;
  readonly previousSessionId?: string | undefined;
  readonly inSubagent?: boolean;
}

/** Counts the session of a span. Sub-agents have none of their own. */
export function noteSession(sessions: SessionCount, span: SessionPart): void {
  const { kind, sessionId, previousSessionId, inSubagent } = span;
  if (kind !== 'session' && (kind !== 'turn' || inSubagent)) return;
  const { ids, continuations, awaited } = sessions;
  if (ids.size >= MAX_SESSION_IDS) for (const each of [ids, continuations, awaited]) each.clear();
  if (!ids.has(sessionId) && !awaited.has(sessionId)) sessions.count += 1;
  ids.add(sessionId);
  if (previousSessionId !== undefined) noteContinuation(sessions, sessionId, previousSessionId);
}

function noteContinuation(sessions: SessionCount, sessionId: string, previous: string): void {
  const { ids, continuations, awaited } = sessions;
  if (continuations.has(sessionId)) return;
  continuations.add(sessionId);
  if (ids.has(previous)) sessions.count -= 1;
  else awaited.add(previous);
}

type Activity = 'turn' | 'model' | 'tools' | 'waiting';

const ACTIVITY: Readonly<Partial<Record<AgentSpanKind, Activity>>> = {
  api_call: 'model',
  auxiliary_call: 'model',
  tool_call: 'tools',
  approval: 'waiting',
};

/** The start or the end of an activity. */
interface Edge {
  readonly time: number;
  readonly activity: Activity;
  readonly change: 1 | -1;
}

/** The activities below one root. */
interface Timeline {
  /** Duration of the session's span; 0 without one. */
  total: number;
  readonly edges: Edge[];
}

function timeOf(spans: readonly Placed[], belowReview: Uint8Array): TimeSplit {
  const timelines: Timeline[] = [];
  /** The timeline of each span, and the outermost turn around it. */
  const places: { readonly timeline: Timeline; readonly turn: Placed | undefined }[] = [];
  for (const [index, span] of spans.entries()) {
    const around = places[span.parent] ?? { timeline: startTimeline(timelines), turn: undefined };
    const opens = around.turn === undefined && span.kind === 'turn' && belowReview[index] !== 1;
    const { timeline, turn } = opens ? { ...around, turn: span } : around;
    places.push({ timeline, turn });
    if (span.kind === 'session') timeline.total += span.endTime - span.startTime;
    const activity = opens ? 'turn' : ACTIVITY[span.kind];
    if (turn !== undefined && activity !== undefined) addInterval(timeline.edges, activity, span, turn);
  }
  return timelines.map(splitTimeline).reduce(addTimes, NO_TIME);
}

function startTimeline(timelines: Timeline[]): Timeline {
  const timeline = { total: 0, edges: [] };
  timelines.push(timeline);
  return timeline;
}

/** The part of the span that lies within its turn: what runs on after the turn is not waited for. */
function addInterval(edges: Edge[], activity: Activity, span: Placed, turn: Placed): void {
  const start = Math.max(span.startTime, turn.startTime);
  const end = Math.min(span.endTime, turn.endTime);
  if (end <= start) return;
  edges.push({ time: start, activity, change: 1 }, { time: end, activity, change: -1 });
}

const NO_TIME: TimeSplit = { total: 0, model: 0, tools: 0, agent: 0, waiting: 0 };

/** At each moment a call counts before an approval, an approval before a tool, and a tool before the turn itself. */
function splitTimeline({ total, edges }: Timeline): TimeSplit {
  const running = { turn: 0, model: 0, tools: 0, waiting: 0 };
  const time = { model: 0, tools: 0, agent: 0, waiting: 0 };
  let before = 0;
  for (const edge of edges.sort((a, b) => a.time - b.time)) {
    const passed = edge.time - before;
    if (running.model > 0) time.model += passed;
    else if (running.waiting > 0) time.waiting += passed;
    else if (running.tools > 0) time.tools += passed;
    else if (running.turn > 0) time.agent += passed;
    running[edge.activity] += edge.change;
    before = edge.time;
  }
  const inTurns = time.model + time.tools + time.agent + time.waiting;
  const between = Math.max(0, total - inTurns);
  return { ...time, total: inTurns + between, waiting: time.waiting + between };
}

function addTimes(a: TimeSplit, b: TimeSplit): TimeSplit {
  return {
    total: a.total + b.total,
    model: a.model + b.model,
    tools: a.tools + b.tools,
    agent: a.agent + b.agent,
    waiting: a.waiting + b.waiting,
  };
}

/** `2 turns, 7 calls, 4 tools, 1 sub-agent`; zero counts are left out. */
export function workText({ turns, calls, tools, subagents }: Work): string {
  const counts = [
    [turns, 'turn'],
    [calls, 'call'],
    [tools, 'tool'],
    [subagents, 'sub-agent'],
  ] as const;
  return counts
    .filter(([value]) => value > 0)
    .map(([value, noun]) => plural(value, noun))
    .join(', ');
}

/** The parts of a headline; those that say nothing are left out. */
export interface Headline {
  /** `1m 01s: 23 % model, 4 % tools, 9 % agent, 64 % waiting for you`. */
  readonly time: string | undefined;
  /** `$0.42`, `$0.42 (3 calls without a price)`. */
  readonly cost: string | undefined;
  /** `984k in (331k cached) → 750 out`. */
  readonly tokens: string | undefined;
  /** `6 errors`, `no errors`. */
  readonly errors: string;
}

/** Cost, tokens and errors of the work, with the time if it is known. */
export function headlineOf(work: Work, time?: TimeSplit): Headline {
  const { cost, withoutPrice, withoutUsage, errors } = work;
  const left = (calls: number, what: string) =>
    calls === 0 ? '' : ` (${plural(calls, 'call')} without ${what})`;
  const tokens = tokensText(work.tokens);
  return {
    time: time === undefined || time.total === 0 ? undefined : timeText(time),
    cost: cost === undefined ? undefined : `${money(cost)}${left(withoutPrice, 'a price')}`,
    tokens: tokens === undefined ? undefined : `${tokens}${left(withoutUsage, 'usage')}`,
    errors: errors === 0 ? 'no errors' : plural(errors, 'error'),
  };
}

/** `984k in (331k cached) → 750 out`; `undefined` for no tokens. */
export function tokensText(tokens: Tokens): string | undefined {
  const { input, cached, output } = tokens;
  if (input === 0 && output === 0) return undefined;
  const ofCache = cached === 0 ? '' : ` (${count(cached)} cached)`;
  return `${sideText(tokens, 'input')} in${ofCache} → ${sideText(tokens, 'output')} out`;
}

/** `984k`; `?` for a side that no call reported. */
export function sideText(tokens: Tokens, side: 'input' | 'output'): string {
  return tokens.unknown === side ? '?' : count(tokens[side]);
}

function timeText({ total, model, tools, agent, waiting }: TimeSplit): string {
  const parts = [
    [model, 'model'],
    [tools, 'tools'],
    [agent, 'agent'],
    [waiting, 'waiting for you'],
  ] as const;
  const shares = parts.filter(([part]) => part > 0).map(([part, name]) => `${percent(part, total)} ${name}`);
  return `${duration(total)}: ${shares.join(', ')}`;
}
