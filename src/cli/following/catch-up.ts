/**
 * After a restart the lines since the checkpoint are read again. Until the last of them is, everything goes as it went
 * in the run before: the log falls silent where it did then, nothing open is shown, no checkpoint is written.
 */
import { type LineBatch, SILENCE } from '../input.ts';
import type { Earlier } from './journal.ts';

export interface CatchUp {
  /** True while there are lines that an earlier run has read, as far as is known. */
  isOn(): boolean;
  /** A batch as it came to the earlier run: what is to be taken in, in order. To be asked for one by one. */
  parts(batch: LineBatch): Generator<LineBatch, void, undefined>;
}

/**
 * @param linesSoFar read, over all runs
 * @param nothingLeft true when all that is written was read: then the log has lost lines, and there is no more to come
 */
export function createCatchUp(
  earlier: Earlier | undefined,
  linesSoFar: () => number,
  nothingLeft: () => boolean,
): CatchUp {
  const silences = [...(earlier?.silences ?? [])];
  let upTo = earlier?.upTo ?? 0;
  let begun = false;

  const isOn = () => silences.length > 0 || linesSoFar() < upTo;

  function* parts(batch: LineBatch): Generator<LineBatch, void, undefined> {
    if (batch === SILENCE && begun && nothingLeft()) giveUp();
    if (!isOn()) {
      yield batch;
      return;
    }
    // This run's own pauses say nothing: what it reads was written long ago.
    let rest = batch === SILENCE ? [] : batch;
    begun ||= rest.length > 0;
    for (let next = silences[0]; next !== undefined; next = silences[0]) {
      const lines = Math.max(0, next - linesSoFar());
      if (lines > rest.length) break;
      yield rest.slice(0, lines);
      yield SILENCE;
      silences.shift();
      rest = rest.slice(lines);
    }
    yield rest;
  }

  function giveUp(): void {
    upTo = 0;
    silences.length = 0;
  }

  return { isOn, parts };
}
