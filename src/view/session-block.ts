import type { AgentSpan, SessionSpan } from '../model/span.ts';
import { growAll, type Tree, walk } from './tree.ts';

/** A session as a view shows it: its own span and what hangs below it. */
export interface SessionBlock {
  readonly sessionId: string;
  /** `undefined` when its span is not there (filtered, or not yet sent). */
  readonly session: SessionSpan | undefined;
  /** In order of start: turns, and what else hangs right below the session, or below nothing. */
  readonly trees: readonly Tree[];
}

/** All spans of a log by session, in order of start. A sub-agent's session is part of the tree that it hangs below. */
export function blocksOf(spans: readonly AgentSpan[]): readonly SessionBlock[] {
  const blocks = new Map<string, { session: SessionSpan | undefined; trees: Tree[] }>();
  for (const root of growAll(spans)) {
    const block = blocks.get(root.span.sessionId) ?? { session: undefined, trees: [] };
    if (root.span.kind === 'session') {
      block.session = root.span;
      block.trees.push(...root.children);
    } else {
      block.trees.push(root);
    }
    blocks.set(root.span.sessionId, block);
  }
  return [...blocks].map(([sessionId, { session, trees }]) => ({
    sessionId,
    session,
    trees: trees.toSorted((a, b) => a.span.startTime - b.span.startTime),
  }));
}

/** All spans of a block. */
export function* spansOf({ session, trees }: SessionBlock): Generator<AgentSpan> {
  if (session !== undefined) yield session;
  for (const tree of trees) yield* walk(tree);
}
