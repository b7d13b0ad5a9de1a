/** The logs in a bucket: which objects are one log, and their bytes. */
import { plainText } from '../export/outside-text.ts';
import type { ByteChunks, ByteSource, OpenOptions } from '../input/byte-source.ts';
import { append } from '../model/lists.ts';
import { ReplayError } from '../replay/replay-error.ts';
import { type Bucket, BucketError, type StoredObject } from './bucket.ts';
import { byAge, isInShard, type Shard, sourceOf } from './sources.ts';

/** A log in a bucket. */
export interface BucketSource {
  /** The address of its objects, without what rotation and compression add. */
  readonly source: string;
  /** The oldest first. */
  readonly objects: readonly StoredObject[];
}

/**
 * The sources of a shard among the objects whose keys begin with `prefix`; without a final `/`, that one object.
 * Throws a `ReplayError` when there is no such object, or the bucket cannot be listed.
 */
export async function sourcesIn(
  bucket: Bucket,
  prefix: string,
  shard: Shard | undefined,
): Promise<readonly BucketSource[]> {
  const sources = new Map<string, StoredObject[]>();
  for await (const object of objectsIn(bucket, prefix)) {
    const source = `${bucket.url}/${sourceOf(object.key)}`;
    if (isInShard(source, shard)) append(sources, source, object);
  }
  return Array.from(sources, ([source, objects]) => ({
    source,
    objects: objects.sort((a, b) => byAge(a.key, b.key)),
  }));
}

async function* objectsIn(bucket: Bucket, prefix: string): AsyncGenerator<StoredObject, void, undefined> {
  const isOne = prefix !== '' && !prefix.endsWith('/');
  let found = false;
  try {
    for await (const object of bucket.list(prefix)) {
      if (isOne && object.key !== prefix) break;
      // Consoles make such objects, as if there were folders.
      if (object.key.endsWith('/')) continue;
      found = true;
      yield object;
    }
  } catch (error) {
    throw asReplayError(error);
  }
  if (found) return;
  const advice = isOne ? 'check its name; a prefix ends with /' : 'check the prefix';
  const what = `${bucket.url}/${plainText(prefix, 500)}`;
  throw new ReplayError('unreadable-log', `There is no object ${what}: ${advice}.`);
}

function asReplayError(error: unknown, before = ''): unknown {
  if (!(error instanceof BucketError)) return error;
  const next = error.mayPass ? '; check the network and the endpoint, and run it again' : '';
  return new ReplayError('unreadable-log', `${before}${error.message}${next}.`, { cause: error });
}

/** Bytes of a request. The next part is on its way while one is replayed. */
const PART_BYTES = 8 * 1024 * 1024;
const CHUNK_BYTES = 256 * 1024;

/** An object as a source of bytes. What ends it early ends the run, as a `ReplayError`: half an object is no log. */
export function objectSource(bucket: Bucket, object: StoredObject): ByteSource {
  const name = plainText(`${bucket.url}/${object.key}`, 500);
  return { name, reopenable: true, open: (options) => readObject(bucket, object, name, options) };
}

async function* readObject(
  bucket: Bucket,
  object: StoredObject,
  name: string,
  { signal, chunkBytes = CHUNK_BYTES }: OpenOptions = {},
): ByteChunks {
  const { key, sizeBytes } = object;
  const stop = new AbortController();
  const onAbort = () => stop.abort();
  signal?.addEventListener('abort', onAbort, { once: true });
  const part = (start: number) => {
    const end = Math.min(start + PART_BYTES, sizeBytes);
    const bytes = bucket.get(key, { of: object, start, end, signal: stop.signal });
    bytes.catch(() => {});
    return bytes;
  };
  try {
    let next = sizeBytes > 0 ? part(0) : undefined;
    for (let start = 0; start < sizeBytes && !signal?.aborted; start += PART_BYTES) {
      const bytes = await next?.catch((error: unknown) => {
        if (signal?.aborted) return undefined;
        throw asReplayError(error, `Reading ended at byte ${start} of ${sizeBytes}: `);
      });
      if (signal?.aborted) break;
      if (bytes === undefined)
        throw new ReplayError(
          'unreadable-log',
          `${name} was removed since it was listed, and is read to byte ${start}: run it again.`,
        );
      if (start + PART_BYTES < sizeBytes) next = part(start + PART_BYTES);
      for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes);
    }
  } finally {
    signal?.removeEventListener('abort', onAbort);
    stop.abort();
  }
}
