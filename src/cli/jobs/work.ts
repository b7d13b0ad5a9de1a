/** The story of a job, in its thread: it looks for ties, hears of all that were found, and replays its shard. */
import type { MessagePort } from 'node:worker_threads';
import { countIds } from '../../shard/line-ids.ts';
import { CliError } from '../cli-error.ts';
import { findTies, type Piece } from '../ties.ts';
import { connectMainThread } from './main-thread.ts';
import type { Order } from './messages.ts';
import { maySkip, piecesOf } from './plan.ts';
import { replayShard } from './replay-shard.ts';

/** Ends with the last message. Throws what is our bug: the main thread hears of it as the thread's error. */
export async function work(port: MessagePort, order: Order): Promise<void> {
  const main = connectMainThread(port);
  try {
    const { groups, looked, ...ties } = await findTies(untaken(order), main.interrupt, {
      times: maySkip(order),
    });
    const counted = new Map(
      [...looked].map(([number, piece]) => [number, { ...piece, counts: countIds(piece.ids) }]),
    );
    main.tell({ kind: 'tied', pairs: groups.pairs(), looked: counted, ...ties });
    main.tell({ kind: 'done', ...(await replayShard(order, await main.ordered, main)) });
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    main.tell({ kind: 'refused', sentence: error.message });
  } finally {
    port.close();
  }
}

/** One piece of the logs after the other, as long as no other job has taken it. */
function* untaken({ logs, pieceBytes, taken }: Order): Generator<Piece, void, undefined> {
  const pieces = piecesOf(logs, pieceBytes);
  const next = new Int32Array(taken);
  for (;;) {
    const piece = pieces[Atomics.add(next, 0, 1)];
    if (piece === undefined) return;
    yield piece;
  }
}
