/** The story of a job, in its thread: it looks for ties, hears of all that were found, and replays its shard. */
import type { MessagePort } from 'node:worker_threads';
import { createGroups, tiePairs } from '../../shard/groups.ts';
import { CliError } from '../cli-error.ts';
import { tieLines } from '../ties.ts';
import { connectMainThread } from './main-thread.ts';
import type { FoundTies, Order } from './messages.ts';
import { piecesOf } from './plan.ts';
import { replayShard } from './replay-shard.ts';

/** Ends with the last message. Throws what is our bug: the main thread hears of it as the thread's error. */
export async function work(port: MessagePort, order: Order): Promise<void> {
  const main = connectMainThread(port);
  try {
    main.tell({ kind: 'tied', ...(await tiePieces(order, main.interrupt)) });
    const { pairs, ...found } = await main.ordered;
    const groups = createGroups();
    tiePairs(groups, pairs);
    main.tell({ kind: 'done', ...(await replayShard(order, { groups, ...found }, main)) });
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    main.tell({ kind: 'refused', sentence: error.message });
  } finally {
    port.close();
  }
}

/** Takes one piece of the logs after the other, as long as no other job has taken it. */
async function tiePieces({ logs, taken }: Order, interrupt: AbortSignal): Promise<FoundTies> {
  const pieces = piecesOf(logs);
  const next = new Int32Array(taken);
  const groups = createGroups();
  const ids = new Map<number, Int32Array>();
  let testIds = false;
  let unplaceable: string | undefined;
  while (unplaceable === undefined) {
    const number = Atomics.add(next, 0, 1);
    const piece = pieces[number];
    if (piece === undefined) break;
    const found = await tieLines(piece.source, groups, interrupt);
    ids.set(number, found.ids);
    testIds ||= found.testIds;
    if (!found.placeable) unplaceable = piece.source.name;
  }
  return { pairs: groups.pairs(), ids, testIds, unplaceable };
}
