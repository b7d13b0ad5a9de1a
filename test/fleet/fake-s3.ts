/** A server with the part of S3's interface that is used, in this process. It verifies signatures by code of its own. */
import { createHash, createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { type Bucket, type BucketOptions, openBucket } from '../../src/fleet/bucket.ts';

/** Answers a request instead of the server, or returns `pass`. */
export type Fault = (request: IncomingMessage, response: ServerResponse, count: number) => unknown;

export interface FakeS3 {
  readonly url: string;
  readonly objects: Map<string, Buffer>;
  /** `GET /bucket/key 0-99`, without listings' queries. */
  readonly requests: string[];
  fault: Fault;
  bucket(options?: Partial<BucketOptions>): Bucket;
  stop(): void;
}

export const KEY = { accessKeyId: 'AKIDTEST', secretAccessKey: 'very/secret+key' };
const PAGE = 3;

export const etagOf = (bytes: Buffer) => `"${createHash('md5').update(bytes).digest('hex')}"`;

/** @param isPublic true: requests need no signature */
export async function fakeS3(isPublic = false): Promise<FakeS3> {
  const objects = new Map<string, Buffer>();
  const requests: string[] = [];
  const server = createServer(async (request, response) => {
    const body = await buffer(request);
    const range = /bytes=(.*)/.exec(request.headers.range ?? '')?.[1] ?? '';
    const [path = ''] = (request.url ?? '').split('?');
    requests.push(`${request.method} ${decodeURIComponent(path)} ${range}`.trim());
    if (fake.fault(request, response, requests.length) !== 'pass') return;
    if (isPublic || isSigned(request)) answer(objects, body, { request, response });
    else refuse(response, 403, request.headers.authorization ? 'SignatureDoesNotMatch' : 'AccessDenied');
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  const fake: FakeS3 = {
    url,
    objects,
    requests,
    fault: () => 'pass',
    bucket: (options = {}) =>
      openBucket({
        scheme: 's3',
        name: 'logs',
        endpoint: new URL(url),
        region: 'us-east-1',
        credentials: KEY,
        pauseMillis: 1,
        ...options,
      }),
    stop() {
      server.close();
      server.closeAllConnections();
    },
  };
  return fake;
}

export function refuse(response: ServerResponse, status: number, code: string, headers = {}): void {
  response.writeHead(status, headers).end(`<?xml version="1.0"?><Error><Code>${code}</Code></Error>`);
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

function answer(objects: Map<string, Buffer>, body: Buffer, { request, response }: Exchange): void {
  const url = new URL(request.url ?? '', 'http://s3');
  const [, bucket, ...rest] = url.pathname.split('/').map(decodeURIComponent);
  const key = rest.join('/');
  if (request.method === 'PUT') objects.set(key, body);
  if (request.method === 'DELETE') objects.delete(key);
  if (bucket !== 'logs') refuse(response, 404, 'NoSuchBucket');
  else if (request.method !== 'GET') response.end();
  else if (key === '') answerText(listing(objects, url.searchParams), { request, response });
  else answerBytes(objects.get(key), { request, response });
}

/** Compressed for a client that takes that, as MinIO does. */
function answerText(text: string, { request, response }: Exchange): void {
  if (request.headers['accept-encoding'] === undefined) response.end(text);
  else response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(text));
}

function answerBytes(bytes: Buffer | undefined, { request, response }: Exchange): void {
  const etag = etagOf(bytes ?? Buffer.alloc(0));
  const { range = '', 'if-match': asked = etag } = request.headers;
  const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(range) ?? [];
  if (bytes === undefined) refuse(response, 404, 'NoSuchKey');
  else if (asked !== etag) refuse(response, 412, 'PreconditionFailed');
  else if (from === undefined) response.writeHead(200, { etag }).end(bytes);
  else {
    const part = bytes.subarray(Number(from), Number(to) + 1);
    response
      .writeHead(206, {
        etag,
        'content-length': part.length,
        // As many shippers store it: a client that decompresses by itself would break ranges.
        'content-encoding': 'gzip',
        'content-range': `bytes ${from}-${Number(from) + part.length - 1}/${bytes.length}`,
      })
      .end(part);
  }
}

function listing(objects: ReadonlyMap<string, Buffer>, query: URLSearchParams): string {
  const [prefix, after] = [query.get('prefix') ?? '', query.get('continuation-token') ?? ''];
  const keys = [...objects.keys()].filter((key) => key.startsWith(prefix) && key > after).sort();
  const page = keys.slice(0, PAGE);
  const encode = (key: string) => encodeURIComponent(key).replaceAll('%20', '+').replaceAll('%2F', '/');
  const entries = page.map((key) => {
    const bytes = objects.get(key) ?? Buffer.alloc(0);
    return `<Contents><Key>${encode(key)}</Key><ETag>${etagOf(bytes).replaceAll('"', '&quot;')}</ETag><Size>${bytes.length}</Size></Contents>`;
  });
  const isCut = keys.length > page.length;
  const token = isCut ? `<NextContinuationToken>${page.at(-1)}</NextContinuationToken>` : '';
  return `<?xml version="1.0"?>\n<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>${isCut}</IsTruncated>${entries.join('')}${token}</ListBucketResult>`;
}

const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();

/** Signature version 4, as the documentation of AWS describes it. */
function isSigned({ method, url = '', headers }: IncomingMessage): boolean {
  const [, id, scope = '', names = '', signature] =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/([^,]+), SignedHeaders=([^,]+), Signature=(\w+)$/.exec(
      headers.authorization ?? '',
    ) ?? [];
  if (id !== KEY.accessKeyId) return false;
  const [path = '', query = ''] = url.split('?');
  const sortedQuery = query.split('&').sort().join('&');
  const canonical = [
    method,
    path,
    sortedQuery,
    ...names.split(';').map((name) => `${name}:${headers[name]}`),
    '',
    names,
    headers['x-amz-content-sha256'],
  ].join('\n');
  const digest = createHash('sha256').update(canonical).digest('hex');
  const key = scope.split('/').reduce<string | Buffer>(hmac, `AWS4${KEY.secretAccessKey}`);
  const text = ['AWS4-HMAC-SHA256', headers['x-amz-date'], scope, digest].join('\n');
  return hmac(key, text).toString('hex') === signature;
}
