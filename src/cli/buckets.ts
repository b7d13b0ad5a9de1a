/** Buckets as the command line names them, with what the AWS variables say of them; and which part of several logs is replayed. */
import type { Bucket } from '../fleet/bucket.ts';
import { isInShard, type Shard, sourceOf } from '../fleet/sources.ts';
import type { SnapshotStore } from '../fleet/store.ts';
import { CliError } from './cli-error.ts';
import { textFlag } from './flags.ts';
import type { Io } from './io.ts';

export const ENDPOINT_URL = textFlag(
  '--endpoint-url <url>',
  'address of the object storage for s3:// and gs://, unless it is that of AWS or Google',
  { env: 'AWS_ENDPOINT_URL' },
);

export const AWS_VARIABLES = {
  AWS_ACCESS_KEY_ID: 'key for s3:// and gs://; requests are not signed without one',
  AWS_SECRET_ACCESS_KEY: 'its secret',
  AWS_SESSION_TOKEN: 'the token of temporary credentials',
  AWS_REGION: 'region of the bucket (default: us-east-1)',
} as const;

export interface BucketAddress {
  readonly scheme: 's3' | 'gs';
  readonly name: string;
  /** Of an object, or what keys begin with; '' for the whole bucket. */
  readonly key: string;
}

export function isBucketAddress(log: string): boolean {
  return /^(?:s3|gs):\/\//.test(log);
}

/** Throws a `CliError` for what is no `s3://bucket/key`. */
export function bucketAddress(text: string): BucketAddress {
  const [, scheme, name, key = ''] = /^(s3|gs):\/\/([\w.-]+)(?:\/(.*))?$/s.exec(text) ?? [];
  if (name !== undefined) return { scheme: scheme === 'gs' ? 'gs' : 's3', name, key };
  throw new CliError(`${JSON.stringify(text)} is no address of objects: write s3://bucket/prefix/.`);
}

/** Throws a `CliError` for a setting to mend. */
export async function bucketAt(
  { scheme, name }: BucketAddress,
  endpointUrl: string | undefined,
  env: Io['env'],
): Promise<Bucket> {
  const region = env.AWS_REGION || env.AWS_DEFAULT_REGION || (scheme === 'gs' ? 'auto' : 'us-east-1');
  const standard = scheme === 'gs' ? 'https://storage.googleapis.com' : `https://s3.${region}.amazonaws.com`;
  const endpoint = endpointOf(endpointUrl ?? standard);
  const { openBucket } = await import('../fleet/bucket.ts');
  const { createAgent } = await import('../export/http/transport.ts');
  const { readProxy } = await import('../export/settings/proxy.ts');
  return openBucket({
    scheme,
    name,
    endpoint,
    region,
    credentials: credentialsOf(env),
    agent: await createAgent({ url: endpoint, proxy: readProxy(env, endpoint) }, { keepAlive: true }),
  });
}

/** Throws a `CliError`, which does not show the address, as there may be a password in it. */
function endpointOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && /^https?:$/.test(url.protocol) && url.username === '' && url.search === '')
    return url;
  throw new CliError(
    '--endpoint-url takes an address such as https://minio.example.com:9000, without a password.',
  );
}

function credentialsOf(env: Io['env']) {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = env;
  if (!accessKeyId && !secretAccessKey) return undefined;
  if (!accessKeyId || !secretAccessKey)
    throw new CliError('AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY belong together: set both, or neither.');
  const { AWS_SESSION_TOKEN: sessionToken } = env;
  return { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) };
}

/** Where snapshots are kept: a directory, or a bucket. Throws a `CliError` for an address or a setting to mend. */
export async function snapshotStore(
  place: string,
  endpointUrl: string | undefined,
  env: Io['env'],
): Promise<SnapshotStore> {
  const { bucketStore, compressedStore, directoryStore } = await import('../fleet/store.ts');
  if (!isBucketAddress(place)) return compressedStore(directoryStore(place));
  const address = bucketAddress(place);
  return compressedStore(bucketStore(await bucketAt(address, endpointUrl, env), address.key));
}

/** `3/64`, or `auto` in an indexed Job of Kubernetes. Throws a `CliError` for anything else. */
export function readShard(text: string | undefined, env: Io['env']): Shard | undefined {
  if (text === undefined) return undefined;
  const { JOB_COMPLETION_INDEX = '', HERMES_OTEL_SHARD_COUNT = '' } = env;
  const isAuto = text === 'auto';
  if (isAuto && (JOB_COMPLETION_INDEX === '' || HERMES_OTEL_SHARD_COUNT === ''))
    throw new CliError(
      '--shard auto needs JOB_COMPLETION_INDEX, which an indexed Job of Kubernetes sets, and HERMES_OTEL_SHARD_COUNT, the number of its completions.',
    );
  const shard = isAuto ? `${JOB_COMPLETION_INDEX}/${HERMES_OTEL_SHARD_COUNT}` : text;
  const [, index, count] = /^(\d{1,9})\/(\d{1,9})$/.exec(shard)?.map(Number) ?? [];
  if (index !== undefined && count !== undefined && index < count) return { index, count };
  throw new CliError(
    `--shard takes I/N with I from 0 to N-1, such as 0/4, or auto, not ${JSON.stringify(shard)}.`,
  );
}

/** The files of a shard: those of one log stay together. */
export function filesOfShard(paths: readonly string[], shard: Shard | undefined): readonly string[] {
  return paths.filter((path) => isInShard(sourceOf(path), shard));
}
