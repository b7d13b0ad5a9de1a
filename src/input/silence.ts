/** Yielded when a live source has been silent for a while, so that buffered items need not wait for later input. */
export const SILENCE = Symbol('silence');

/** The items of `source`, and `SILENCE` for each `millis` (wall-clock time) without an item. */
export async function* withSilence<T>(
  source: AsyncIterable<T>,
  millis: number,
): AsyncGenerator<T | typeof SILENCE, void, undefined> {
  const iterator = source[Symbol.asyncIterator]();
  try {
    for (let next = iterator.next(); ; ) {
      const result = await orSilence(next, millis);
      if (result === SILENCE) {
        yield SILENCE;
        continue;
      }
      if (result.done === true) return;
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
