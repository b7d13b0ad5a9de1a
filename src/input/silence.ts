/** Says when a live source has nothing more to give for now, so that what waits for later input need not wait for ever. */
export const SILENCE = Symbol('silence');

/**
 * The items of `source`, and `SILENCE` after each of them that nothing followed for `millis` (wall-clock time); with
 * `again` once more for each further `millis` of silence.
 */
export async function* withSilence<T>(
  source: AsyncIterable<T>,
  millis: number,
  again = false,
): AsyncGenerator<T | typeof SILENCE, void, undefined> {
  const iterator = source[Symbol.asyncIterator]();
  try {
    let next = iterator.next();
    let told = !again;
    for (;;) {
      const result = told ? await next : await orSilence(next, millis);
      if (result === SILENCE) {
        told = !again;
        yield SILENCE;
        continue;
      }
      if (result.done === true) return;
      told = false;
      yield result.value;
      next = iterator.next();
    }
  } finally {
    await iterator.return?.();
  }
}

async function orSilence<T>(next: Promise<T>, millis: number): Promise<T | typeof SILENCE> {
  let timer: NodeJS.Timeout | undefined;
  const silence = new Promise<typeof SILENCE>((resolve) => {
    timer = setTimeout(resolve, millis, SILENCE);
  });
  try {
    return await Promise.race([next, silence]);
  } finally {
    clearTimeout(timer);
  }
}
