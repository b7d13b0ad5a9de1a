/**
 * `--perfetto`: all spans of a log → Chrome trace events, for ui.perfetto.dev and chrome://tracing. Each session is a
 * process, each sub-agent a track, and tokens are counters. Spans are asynchronous nestable pairs (`b` and `e`),
 * because the work of an agent overlaps. Readers nest the pairs of one `cat` and `id` by time, so each lane has its
 * own id.
 */
import { addTokens, countedOf, type Tokens } from '../model/figures.ts';
import type { AgentSpan, SubagentSpan } from '../model/span.ts';
import type { EpochMicros } from '../model/time.ts';
import { shown, visibleJsonLine } from '../model/visible.ts';
import { labelOf } from './label.ts';
import { presentable } from './presentable.ts';
import { blocksOf, rootsOf, type SessionBlock, spansOf, type Tree } from './tree.ts';

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
 * The file in pieces, because a log may exceed the maximum length of a string. `displayTimeUnit` is left out:
 * milliseconds are the default, and Perfetto v20 misreads the field as the unit of `ts`.
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

/** For each session: names, slices by lane (times never decrease within an id), counters. */
export function* traceEvents(spans: readonly AgentSpan[]): Generator<TraceEvent> {
  const blocks = blocksOf(presentable(spans));
  for (const [index, block] of blocks.entries()) yield* blockEvents(block, index + 1);
}

function* blockEvents(block: SessionBlock, pid: number): Generator<TraceEvent> {
  const process = { pid, tid: 0, ph: 'M' } as const;
  yield { ...process, name: 'process_name', args: { name: shown`session ${block.sessionId}` } };
  yield { ...process, name: 'process_sort_index', args: { sort_index: pid } };
  for (const [index, lane] of lanesOf(undefined, rootsOf(block)).entries()) {
    const tid = index + 1;
    yield { pid, tid, ph: 'M', name: 'thread_name', args: { name: laneName(lane, index) } };
    yield { pid, tid, ph: 'M', name: 'thread_sort_index', args: { sort_index: tid } };
    for (const tree of lane.trees) yield* slices(tree, { pid, tid, cat: 'hermes', id: `${pid}.${tid}` });
  }
  yield* counters(block, pid);
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

/** All fields of the span, except those that the slice has. */
function argsOf({ startTime: _start, endTime: _end, links: _links, ...facts }: AgentSpan): object {
  return facts;
}

/** The tokens of the session so far, at the end of each call, including sub-agents and background turns. */
function* counters(block: SessionBlock, pid: number): Generator<TraceEvent> {
  const calls = spansOf(block)
    .filter(({ kind }) => kind === 'api_call' || kind === 'auxiliary_call')
    .toSorted((a, b) => a.endTime - b.endTime);
  let sums: Tokens = { input: 0, cached: 0, output: 0 };
  for (const call of calls) {
    const { tokens } = countedOf(call);
    if (tokens === undefined) continue;
    sums = addTokens(sums, tokens);
    const { input, cached, output } = sums;
    yield { ph: 'C', name: 'tokens', pid, tid: 0, ts: call.endTime, args: { input, cached, output } };
  }
}

/**
 * A track of nested slices: two spans in one lane are either disjoint or one contains the other. Parallel tools,
 * overlapping turns, and spans that outlive their parent go to further lanes.
 */
interface Lane {
  /** The sub-agent whose work it shows; `undefined` for the session itself. */
  readonly subagent: SubagentSpan | undefined;
  /** Disjoint, in order of start; so are the children of each. */
  readonly trees: readonly Tree[];
}

/** The lanes of a session or a sub-agent: its own, as many as overlaps need, then those of its sub-agents. */
function lanesOf(subagent: SubagentSpan | undefined, roots: readonly Tree[]): readonly Lane[] {
  const waiting = [...roots];
  const slices: Tree[] = [];
  const subagents: { readonly span: SubagentSpan; readonly tree: Tree }[] = [];
  for (let tree = waiting.shift(); tree !== undefined; tree = waiting.shift()) {
    const { nested, apart } = split(tree);
    slices.push(nested);
    for (const other of apart) {
      if (other.span.kind === 'subagent') subagents.push({ span: other.span, tree: other });
      else waiting.push(other);
    }
  }
  const own = pack(slices).map((lane) => ({ subagent, trees: lane }));
  return [...own, ...subagents.flatMap(({ span, tree }) => lanesOf(span, [tree]))];
}

/** `tree` with the descendants that fit into its lane, and the topmost ones that do not. */
function split(tree: Tree): { readonly nested: Tree; readonly apart: readonly Tree[] } {
  const children: Tree[] = [];
  const apart: Tree[] = [];
  let free = tree.span.startTime;
  for (const child of tree.children) {
    const fits = child.span.startTime >= free && child.span.endTime <= tree.span.endTime;
    if (child.span.kind === 'subagent' || !fits) {
      apart.push(child);
      continue;
    }
    const inner = split(child);
    children.push(inner.nested);
    apart.push(...inner.apart);
    free = child.span.endTime;
  }
  return { nested: { ...tree, children }, apart };
}

/** Puts each tree into the first lane that is free when it starts. */
function pack(trees: readonly Tree[]): readonly (readonly Tree[])[] {
  const lanes: Tree[][] = [];
  for (const tree of trees.toSorted((a, b) => a.span.startTime - b.span.startTime)) {
    const free = lanes.find((lane) => (lane.at(-1)?.span.endTime ?? 0) <= tree.span.startTime);
    if (free === undefined) lanes.push([tree]);
    else free.push(tree);
  }
  return lanes;
}
