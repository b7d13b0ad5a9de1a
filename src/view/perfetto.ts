/**
 * `--perfetto`: all spans of a log → Chrome trace events, which ui.perfetto.dev and chrome://tracing open. A process
 * for each session, a track for each sub-agent, and counters of tokens. Spans are asynchronous nestable pairs
 * (`b` and `e`), since agents overlap as threads do not; a reader stacks those of one `cat` and `id` by time, so each
 * lane has an id of its own.
 */
import type { AgentSpan } from '../model/span.ts';
import type { EpochMicros } from '../model/time.ts';
import { labelOf } from './label.ts';
import { type Lane, lanesOf } from './lanes.ts';
import { blocksOf, type SessionBlock, spansOf } from './session-block.ts';
import { usageOf } from './token-count.ts';
import type { Tree } from './tree.ts';
import { shown, visibleJsonLine } from './visible.ts';
import { presentable } from './without-secrets.ts';

/** An event of the Chrome trace format; `ts` in microseconds since the epoch. */
export type TraceEvent = SliceEvent | CounterEvent | MetadataEvent;

interface EventBase {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
}

interface SliceEvent extends EventBase {
  readonly ph: 'b' | 'e';
  readonly cat: 'hermes';
  readonly id: string;
  readonly ts: EpochMicros;
  readonly args?: object;
}

interface CounterEvent extends EventBase {
  readonly ph: 'C';
  readonly ts: EpochMicros;
  readonly args: Readonly<Record<string, number>>;
}

interface MetadataEvent extends EventBase {
  readonly ph: 'M';
  readonly args: Readonly<Record<string, string | number>>;
}

/**
 * The whole file, piece by piece: a log may be longer than a string can be. It has no `displayTimeUnit`: milliseconds are
 * the default, and Perfetto v20 takes the word for the unit of `ts`, which makes a second out of every millisecond.
 */
export function* perfettoJson(spans: readonly AgentSpan[]): Generator<string> {
  yield '{"traceEvents":[';
  let separator = '\n';
  for (const event of traceEvents(spans)) {
    yield separator + visibleJsonLine(event);
    separator = ',\n';
  }
  yield '\n]}\n';
}

/** Session by session: names, slices lane by lane (times never go back within an id), counters. */
export function* traceEvents(spans: readonly AgentSpan[]): Generator<TraceEvent> {
  const blocks = blocksOf(presentable(spans));
  for (const [index, block] of blocks.entries()) yield* blockEvents(block, index + 1);
}

function* blockEvents(block: SessionBlock, pid: number): Generator<TraceEvent> {
  const process = { pid, tid: 0, ph: 'M' } as const;
  yield { ...process, name: 'process_name', args: { name: shown`session ${block.sessionId}` } };
  yield { ...process, name: 'process_sort_index', args: { sort_index: pid } };
  for (const [index, lane] of lanesOf(sessionTrees(block)).entries()) {
    const tid = index + 1;
    yield { pid, tid, ph: 'M', name: 'thread_name', args: { name: laneName(lane, index) } };
    yield { pid, tid, ph: 'M', name: 'thread_sort_index', args: { sort_index: tid } };
    for (const tree of lane.trees) yield* slices(tree, { pid, tid, cat: 'hermes', id: `${pid}.${tid}` });
  }
  yield* counters(block, pid);
}

/** The session's own span is the outermost slice of its main lane. */
function sessionTrees({ session, trees }: SessionBlock): readonly Tree[] {
  return session === undefined ? trees : [{ span: session, children: trees, parallel: false, hidden: 0 }];
}

function laneName({ subagent }: Lane, index: number): string {
  if (subagent !== undefined) return labelOf(subagent);
  return index === 0 ? 'session' : 'in parallel';
}

type Place = Pick<SliceEvent, 'pid' | 'tid' | 'cat' | 'id'>;

function* slices({ span, children }: Tree, place: Place): Generator<TraceEvent> {
  const name = labelOf(span);
  yield { ...place, ph: 'b', name, ts: span.startTime, args: argsOf(span) };
  for (const child of children) yield* slices(child, place);
  yield { ...place, ph: 'e', name, ts: span.endTime };
}

/** Everything the span says, but its times, which are the slice's. */
function argsOf({ startTime: _start, endTime: _end, links: _links, ...facts }: AgentSpan): object {
  return facts;
}

/** Tokens of the session so far, sub-agents' and background turns' included, at the end of each call. */
function* counters(block: SessionBlock, pid: number): Generator<TraceEvent> {
  const calls = [...spansOf(block)]
    .filter(({ kind }) => kind === 'api_call' || kind === 'auxiliary_call')
    .toSorted((a, b) => a.endTime - b.endTime);
  const sums = { input: 0, output: 0, cached: 0 };
  for (const call of calls) {
    const usage = usageOf(call);
    if (usage === undefined) continue;
    sums.input += usage.inputTokens ?? 0;
    sums.output += usage.outputTokens ?? 0;
    sums.cached += (usage.cacheReadTokens ?? 0) + (usage.cacheWriteTokens ?? 0);
    yield { ph: 'C', name: 'tokens', pid, tid: 0, ts: call.endTime, args: { ...sums } };
  }
}
