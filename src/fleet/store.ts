/** Where snapshots are kept: a directory that all consumers see, or a bucket. Each is written once whole, under its own name. */
import { mkdir, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { errorCode, systemProblem } from '../model/system-error.ts';
import { replaceFile } from '../replay/checkpoint/checkpoint.ts';
import { ReplayError } from '../replay/replay-error.ts';
import { type Bucket, BucketError } from './bucket.ts';
import { Unreachable } from './group.ts';

/** Methods reject with `Unreachable`; a bucket's also with a `ReplayError` for a refusal that stays. */
export interface SnapshotStore {
  /** For messages. */
  readonly place: string;
  /** `undefined` when there is no snapshot of this name. */
  get(name: string): Promise<string | undefined>;
  put(name: string, text: string): Promise<void>;
  /** Does nothing when there is no snapshot of this name. */
  remove(name: string): Promise<void>;
}

/** A store of bytes, by names such as `group/topic/3/4711`. */
export interface ByteStore extends Pick<SnapshotStore, 'place' | 'remove'> {
  get(name: string): Promise<Uint8Array | undefined>;
  put(name: string, bytes: Uint8Array): Promise<void>;
}

/** Level 1: a sixth of the size in a tenth of the time of level 6. */
const LEVEL = 1;

export function compressedStore(store: ByteStore): SnapshotStore {
  return {
    ...store,
    async get(name) {
      const bytes = await store.get(name);
      return bytes && (await promisify(gunzip)(bytes)).toString('utf8');
    },
    put: async (name, text) => store.put(name, await promisify(gzip)(text, { level: LEVEL })),
  };
}

export function directoryStore(directory: string): ByteStore {
  const pathOf = (name: string) => join(directory, `${name}.gz`);
  const reached = async <T>(use: () => Promise<T>): Promise<T> => {
    try {
      return await use();
    } catch (error) {
      throw new Unreachable(`${directory}: ${systemProblem(error)}`, { cause: error });
    }
  };
  return {
    place: directory,
    get: (name) =>
      reached(() =>
        readFile(pathOf(name)).catch((error: unknown) => {
          if (errorCode(error) === 'ENOENT') return undefined;
          throw error;
        }),
      ),
    put: (name, bytes) =>
      reached(async () => {
        await mkdir(dirname(pathOf(name)), { recursive: true, mode: 0o700 });
        await replaceFile(pathOf(name), bytes);
      }),
    remove: (name) => reached(() => rm(pathOf(name), { force: true })),
  };
}

/** The same in a bucket, under keys that begin with `prefix`. */
export function bucketStore(bucket: Bucket, prefix: string): ByteStore {
  const folder = prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`;
  const keyOf = (name: string) => `${folder}${name}.gz`;
  const reached = async <T>(use: Promise<T>): Promise<T> => {
    try {
      return await use;
    } catch (error) {
      if (!(error instanceof BucketError)) throw error;
      if (error.mayPass) throw new Unreachable(error.message, { cause: error });
      throw new ReplayError('checkpoint', `The checkpoint cannot be used: ${error.message}.`, {
        cause: error,
      });
    }
  };
  return {
    place: `${bucket.url}/${folder}`.replace(/\/$/, ''),
    get: (name) => reached(bucket.get(keyOf(name))),
    put: (name, bytes) => reached(bucket.put(keyOf(name), bytes)),
    remove: (name) => reached(bucket.remove(keyOf(name))),
  };
}
