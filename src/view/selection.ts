import type { MessagePart } from '../model/message.ts';
import { type AgentSpan, type AgentSpanKind, isError } from '../model/span.ts';
import { labelOf, reasonOf } from './label.ts';
import { quantiles } from './series.ts';
import type { Totals } from './totals.ts';
import { blocksOf, type SessionBlock, spansOf, type Tree } from './tree.ts';

/** The part of a log that is shown. */
export interface Selection {
  /** Levels below the session: 1 shows turns, 2 their calls and tools. `undefined`: all. */
  readonly depth: number | undefined;
  /** Only these spans and their ancestors. `undefined`: all. */
  readonly only: 'errors' | 'slow' | undefined;
  /**
   * The duration from which a span is slow, in microseconds. `undefined`: the P95 of all spans of its kind whose end is
   * in the log, so the longest span of each kind is always slow.
   */
  readonly slowMicros: number | undefined;
  /** Only spans whose name or text contains this, whatever the case, and their ancestors. */
  readonly grep?: string | undefined;
  /** Only calls of this tool, and their ancestors. */
  readonly tool?: string | undefined;
  /** True: of a session, whole turns. */
  readonly wholeTurns?: boolean;
}

type Wanted = (span: AgentSpan) => boolean;

/** The selected part of the blocks. Blocks without any wanted span are left out. */
export function select(
  blocks: readonly SessionBlock[],
  selection: Selection,
  totals: Totals,
): readonly SessionBlock[] {
  const wanted = wantedBy(selection, totals);
  const depth = selection.depth ?? Number.POSITIVE_INFINITY;
  return blocks.flatMap((block) => {
    const trees =
      wanted.length === 0 ? block.trees : block.trees.flatMap((tree) => keep(tree, wanted, selection));
    if (wanted.length > 0 && trees.length === 0) return [];
    return [{ ...block, trees: depth < 1 ? [] : trees.map((tree) => cutBelow(tree, depth - 1)) }];
  });
}

/** The spans of the latest sessions, by their start. */
export function latestSessions(spans: readonly AgentSpan[], count: number): readonly AgentSpan[] {
  return blocksOf(spans).slice(-count).flatMap(spansOf);
}

function keep(tree: Tree, wanted: readonly Wanted[], { wholeTurns }: Selection): readonly Tree[] {
  const kept = prune(tree, (span) => wanted.every((each) => each(span)));
  return wholeTurns && kept.length > 0 ? [tree] : kept;
}

function wantedBy(selection: Selection, totals: Totals): readonly Wanted[] {
  const { only, grep, tool } = selection;
  return [
    ...(only === 'errors' ? [isError] : []),
    ...(only === 'slow' ? [isSlow(selection.slowMicros, totals)] : []),
    ...(grep === undefined ? [] : [contains(grep)]),
    ...(tool === undefined ? [] : [(span: AgentSpan) => span.kind === 'tool_call' && span.toolName === tool]),
  ];
}

function isSlow(slowMicros: number | undefined, totals: Totals): Wanted {
  const limits = new Map<AgentSpanKind, number>();
  return ({ kind, startTime, endTime }) => {
    const limit =
      limits.get(kind) ??
      slowMicros ??
      quantiles(totals.kinds[kind].durations, [0.95])[0] ??
      // No span of the kind has its end in the log.
      Number.POSITIVE_INFINITY;
    limits.set(kind, limit);
    return endTime - startTime >= limit;
  };
}

function contains(text: string): Wanted {
  const wanted = text.toLowerCase();
  return (span) => textsOf(span).some((each) => each?.toLowerCase().includes(wanted));
}

/** What `--grep` looks at: the name, why it failed, and content. */
function textsOf(span: AgentSpan): readonly (string | undefined)[] {
  const names = [labelOf(span), reasonOf(span)];
  switch (span.kind) {
    case 'turn':
      return [...names, span.userMessage, span.assistantResponse];
    case 'tool_call':
      return [...names, span.args, span.result];
    case 'approval':
      return [...names, span.command];
    case 'subagent':
      return [...names, span.goal, span.summary];
    case 'api_call':
      return [...names, ...(span.response?.messages ?? []).flatMap(({ parts }) => parts.map(partText))];
    case 'session':
    case 'auxiliary_call':
      return names;
    default:
      return span satisfies never;
  }
}

function partText(part: MessagePart): string | undefined {
  return part.kind === 'text' || part.kind === 'reasoning' ? part.text : undefined;
}

/** `tree` with only the branches that end in a wanted span; empty when there is none. */
function prune(tree: Tree, wanted: Wanted): readonly Tree[] {
  const children = tree.children.flatMap((child) => prune(child, wanted));
  if (children.length === 0 && !wanted(tree.span)) return [];
  return [withChildren(tree, children)];
}

function cutBelow(tree: Tree, levels: number): Tree {
  const children = levels < 1 ? [] : tree.children.map((child) => cutBelow(child, levels - 1));
  return withChildren(tree, children);
}

/** Removed spans are counted in `hidden` of their nearest ancestor that stays. */
function withChildren(tree: Tree, children: readonly Tree[]): Tree {
  const kept = new Set(children.map(({ span }) => span));
  const gone = tree.children.filter(({ span }) => !kept.has(span));
  return { ...tree, children, hidden: tree.hidden + gone.reduce((sum, child) => sum + size(child), 0) };
}

/** The number of spans in `tree`, including the hidden ones. */
function size({ children, hidden }: Tree): number {
  return 1 + hidden + children.reduce((sum, child) => sum + size(child), 0);
}
