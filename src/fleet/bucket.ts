/** A bucket of S3, or of a store with the same interface: the few requests that logs and snapshots need. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  type Agent,
  request as httpRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
} from 'node:http';
import { request as httpsRequest } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { AwsV4Signer } from 'aws4fetch';
import { outsideText, plainText } from '../export/outside-text.ts';
import { errorInWords } from '../model/system-error.ts';

export interface StoredObject {
  readonly key: string;
  /** Changes with the content. */
  readonly etag: string;
  readonly sizeBytes: number;
}

/** Methods reject with a `BucketError`. Each request is tried several times. */
export interface Bucket {
  /** `s3://name`, for messages. */
  readonly url: string;
  /** The objects whose keys begin with `prefix`, in order of key. */
  list(prefix: string, signal?: AbortSignal): AsyncGenerator<StoredObject, void, undefined>;
  /** The bytes of an object, or those of one part; `undefined` when there is no such object. */
  get(key: string, part?: ObjectPart): Promise<Buffer | undefined>;
  put(key: string, bytes: Uint8Array): Promise<void>;
  /** Does nothing when there is no such object. */
  remove(key: string): Promise<void>;
}

/** Bytes of one version of an object. Another version, or fewer bytes, are an error. */
export interface ObjectPart {
  readonly of: StoredObject;
  readonly start: number;
  /** Behind the last byte. */
  readonly end: number;
  readonly signal?: AbortSignal | undefined;
}

/** One sentence, without the final stop and without secrets. */
export class BucketError extends Error {
  override readonly name = 'BucketError';
  /** False for a refusal that another attempt would meet as well. */
  readonly mayPass: boolean;

  constructor(message: string, mayPass: boolean) {
    super(message);
    this.mayPass = mayPass;
  }
}

export interface BucketOptions {
  readonly scheme: 's3' | 'gs';
  readonly name: string;
  /** Without the bucket, which becomes the first part of the path. */
  readonly endpoint: URL;
  readonly region: string;
  /** `undefined`: requests are not signed. */
  readonly credentials?: Credentials | undefined;
  /** `undefined`: Node's own. */
  readonly agent?: Agent | undefined;
  /** Pause before the second attempt; doubled before each further one. Default 200. */
  readonly pauseMillis?: number | undefined;
  /** An attempt ends after so long without a byte. Default 60,000. */
  readonly timeoutMillis?: number | undefined;
}

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

const ATTEMPTS = 6;
const REPLACED = 'it was replaced while it was read; run it again';
/** A page of a listing has at most a thousand keys of a kilobyte. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;

interface Asked {
  readonly method?: 'GET' | 'PUT' | 'DELETE';
  readonly key?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  readonly signal?: AbortSignal | undefined;
  /** What is wrong with an answer that succeeded; `undefined` when nothing is. */
  readonly problemOf?: (answer: Answer) => BucketError | undefined;
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export function openBucket(options: BucketOptions): Bucket {
  const { scheme, name, pauseMillis = 200, timeoutMillis = 60_000 } = options;
  const url = `${scheme}://${name}`;

  /** Answers with 2xx or 404; everything else is a `BucketError`. */
  async function ask(asked: Asked): Promise<Answer> {
    const what = placeOf(url, asked.key);
    for (let attempt = 1; ; attempt++) {
      const problem = await exchange(options, asked, timeoutMillis).then(
        (answer) => refusalOf(answer, asked, options) ?? answer,
        (error: unknown) => {
          const reason =
            error instanceof TimeoutError ? `no byte for ${timeoutMillis / 1000} s` : errorInWords(error);
          return new BucketError(`${options.endpoint.host} gave no whole answer (${reason})`, true);
        },
      );
      if (!(problem instanceof BucketError)) return problem;
      if (!problem.mayPass || attempt === ATTEMPTS || asked.signal?.aborted)
        throw new BucketError(`${what}: ${problem.message}`, problem.mayPass);
      await sleep(pauseMillis * 2 ** (attempt - 1), undefined, { signal: asked.signal }).catch(() => {});
    }
  }

  async function* list(prefix: string, signal?: AbortSignal): AsyncGenerator<StoredObject, void, undefined> {
    let token: string | undefined;
    do {
      const page = { 'list-type': '2', 'encoding-type': 'url', prefix };
      const query = token === undefined ? page : { ...page, 'continuation-token': token };
      const { body } = await ask({ query, signal });
      const listing = readListing(body.toString('utf8'));
      if (listing === undefined || (token !== undefined && listing.next === token))
        throw new BucketError(`${url}: the answer is no whole listing of S3; check the endpoint`, false);
      yield* listing.objects;
      token = listing.next;
    } while (token !== undefined);
  }

  return {
    url,
    list,
    async get(key, part) {
      const { status, body } = await ask({
        key,
        ...(part && {
          headers: { range: `bytes=${part.start}-${part.end - 1}`, 'if-match': part.of.etag },
          signal: part.signal,
          problemOf: (answer) => partProblem(answer, part),
        }),
      });
      return status === 404 ? undefined : body;
    },
    async put(key, bytes) {
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      await ask({ method: 'PUT', key, body: bytes, headers: { 'x-amz-content-sha256': sha256 } });
    },
    async remove(key) {
      await ask({ method: 'DELETE', key });
    },
  };
}

/** The bucket or one object, for messages. Throws a `BucketError` for a key that becomes another one on the way. */
function placeOf(url: string, key: string | undefined): string {
  if (key === undefined) return url;
  const place = plainText(`${url}/${key}`, 500);
  if (!key.split('/').some((segment) => segment === '.' || segment === '..')) return place;
  throw new BucketError(`${place}: no request can name a key with . or .. between slashes; copy it`, false);
}

/** As the signature has it: in upper case, and also what `encodeURIComponent` leaves. */
function encoded(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (char) => `%${Buffer.from(char).toString('hex').toUpperCase()}`,
  );
}

/** One attempt: rejects when there is no whole answer. Redirects are not followed. */
async function exchange(
  { endpoint, name, credentials, region, agent }: BucketOptions,
  { method = 'GET', key, query = {}, headers = {}, body, signal }: Asked,
  timeoutMillis: number,
): Promise<Answer> {
  const path = [name, ...(key ?? '').split('/')].map(encoded).join('/');
  const search = Object.entries(query).map((pair) => pair.map(encoded).join('='));
  const base = endpoint.href.replace(/\/*$/, '');
  const url = `${base}/${path}${search.length === 0 ? '' : `?${search.join('&')}`}`;
  const signed =
    credentials &&
    (await new AwsV4Signer({ ...credentials, method, url, headers, service: 's3', region }).sign());
  const send = endpoint.protocol === 'https:' ? httpsRequest : httpRequest;
  const request = send(url, {
    method,
    headers: {
      ...(signed ? Object.fromEntries(signed.headers) : headers),
      // Asks Google for a part of a compressed object as it is stored; other answers are to come plain. Not signed, as its front end changes it.
      ...(headers.range !== undefined && { 'accept-encoding': 'gzip' }),
      ...(method === 'PUT' && { 'content-length': body?.length ?? 0 }),
    },
    agent,
    signal,
    timeout: timeoutMillis,
  });
  // Behind the beginning of an answer, its reader gets the error.
  request.on('error', () => {});
  request.on('timeout', () => request.destroy(new TimeoutError()));
  request.end(body);
  const [response]: IncomingMessage[] = await once(request, 'response');
  return await answerOf(response);
}

class TimeoutError extends Error {}

async function answerOf(response: IncomingMessage | undefined): Promise<Answer> {
  const { statusCode = 0, headers = {} } = response ?? {};
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response ?? []) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > MAX_ANSWER_BYTES) throw new Error('an answer without an end');
  }
  return { status: statusCode, headers, body: Buffer.concat(chunks) };
}

/** `undefined` for an answer that can be used. */
function refusalOf(answer: Answer, asked: Asked, options: BucketOptions): BucketError | undefined {
  const { status, headers, body } = answer;
  const text = body.subarray(0, 10_000).toString('utf8');
  const code = outsideText(element(text, 'Code') ?? '');
  if (status >= 200 && status < 300) return asked.problemOf?.(answer);
  if (status === 404 && isOfObject(asked, code)) return undefined;
  const region = headers['x-amz-bucket-region'] ?? element(text, 'Region');
  const isElsewhere = typeof region === 'string' && region !== options.region;
  if (isElsewhere && (status < 400 || code === 'AuthorizationHeaderMalformed')) {
    const there = outsideText(region);
    return new BucketError(
      `the bucket is in region ${there}, not ${options.region}: set AWS_REGION=${there}`,
      false,
    );
  }
  const mayPass = status >= 500 || status === 429 || status === 408 || PASSING.has(code);
  return new BucketError(
    `${options.endpoint.host} answered ${status}${code && ` (${code})`}${advice(status, code, options)}`,
    mayPass,
  );
}

/** True where 404 means that there is no such object, which may be. */
function isOfObject({ key, method }: Asked, code: string): boolean {
  return key !== undefined && method !== 'PUT' && code !== 'NoSuchBucket';
}

const PASSING: ReadonlySet<string> = new Set(['RequestTimeout', 'SlowDown']);

function advice(status: number, code: string, { name, credentials }: BucketOptions): string {
  if (code === 'RequestTimeTooSkewed') return ": set this machine's clock";
  if (code === 'ExpiredToken') return ': get new credentials';
  if (code === 'InvalidAccessKeyId' || code === 'SignatureDoesNotMatch')
    return ': check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY';
  if (status === 401 || status === 403)
    return credentials === undefined
      ? ': set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, as there are no credentials'
      : ': these credentials may not do that';
  if (status === 404)
    return `: there is no bucket ${JSON.stringify(name)} there; check its name and the endpoint`;
  if (status === 412 || status === 416) return `: ${REPLACED}`;
  return status < 400 ? ': it is elsewhere; check the endpoint and AWS_REGION' : '';
}

/** Servers exist that know neither If-Match nor ranges: what came must be what was asked for. */
function partProblem(
  { status, headers, body }: Answer,
  { of, start, end }: ObjectPart,
): BucketError | undefined {
  const bare = (etag: string) => etag.replace(/^W\//, '');
  if (headers.etag !== undefined && bare(headers.etag) !== bare(of.etag))
    return new BucketError(REPLACED, false);
  const isWhole = status === 200 && start === 0 && end === of.sizeBytes;
  const isPart = headers['content-range'] === `bytes ${start}-${end - 1}/${of.sizeBytes}`;
  if (!isWhole && !isPart) return new BucketError('another part came than was asked for', true);
  if (body.length === end - start) return undefined;
  return new BucketError(`${body.length} of ${end - start} bytes came`, true);
}

interface Page {
  readonly objects: readonly StoredObject[];
  /** Of the next page; `undefined` on the last one. */
  readonly next: string | undefined;
}

/** A page of a listing; `undefined` for a text that is none, or is not whole. */
function readListing(xml: string): Page | undefined {
  const isWhole = xml.includes('<ListBucketResult') && xml.trimEnd().endsWith('</ListBucketResult>');
  const isCut = element(xml, 'IsTruncated');
  const next = isCut === 'true' ? element(xml, 'NextContinuationToken') : undefined;
  if (!isWhole || (isCut !== 'false' && next === undefined)) return undefined;
  const isEncoded = element(xml, 'EncodingType') === 'url';
  const entries = xml.split('<Contents>').slice(1);
  const objects = entries.flatMap((entry) => objectOf(entry, isEncoded) ?? []);
  return objects.length === entries.length ? { objects, next } : undefined;
}

function objectOf(entry: string, isEncoded: boolean): StoredObject | undefined {
  const [name, etag] = [element(entry, 'Key'), element(entry, 'ETag')];
  const sizeBytes = Number(element(entry, 'Size'));
  if (name === undefined || etag === undefined || !Number.isSafeInteger(sizeBytes)) return undefined;
  try {
    return { key: isEncoded ? decodeURIComponent(name.replaceAll('+', ' ')) : name, etag, sizeBytes };
  } catch {
    return undefined;
  }
}

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' };

/** The text of the first element of this name, which has neither attributes nor elements in it. */
function element(xml: string, name: string): string | undefined {
  const text = new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1];
  return text?.replace(/&(?:#(\d{1,7})|#x([\da-f]{1,6})|(\w+));/gi, (whole, decimal, hex, entity) => {
    if (entity !== undefined) return ENTITIES[entity] ?? whole;
    const point = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal);
    return point <= 0x10ffff ? String.fromCodePoint(point) : whole;
  });
}
