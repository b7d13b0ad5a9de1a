import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { BucketError, type StoredObject } from '../../src/fleet/bucket.ts';
import { bucketStore, compressedStore } from '../../src/fleet/store.ts';
import { etagOf, type FakeS3, type Fault, fakeS3, KEY, refuse } from './fake-s3.ts';

let s3: FakeS3;
beforeEach(async () => {
  s3 = await fakeS3();
});
afterEach(() => s3.stop());

const ODD = ['a b+c.ndjson', "d(e)'f*!.ndjson", 'ü/100%25/x&y<z>.ndjson', 'plain.ndjson', 'z~.ndjson'];

async function listed(prefix = ''): Promise<readonly StoredObject[]> {
  const objects: StoredObject[] = [];
  for await (const object of s3.bucket().list(prefix)) objects.push(object);
  return objects;
}

function objectOf(key: string): StoredObject {
  const bytes = s3.objects.get(key) ?? Buffer.alloc(0);
  return { key, etag: etagOf(bytes), sizeBytes: bytes.length };
}

/** The message of the error, which has none of our secrets. */
async function messageOf(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => undefined,
    (rejection: unknown) => rejection,
  );
  if (!(error instanceof BucketError)) throw new Error(`no BucketError: ${String(error)}`);
  expect(error.message).not.toContain(KEY.secretAccessKey);
  expect(error.message).not.toContain('Signature=');
  return error.message;
}

test('keys of any kind are listed over pages, read and removed, each request signed', async () => {
  const bucket = s3.bucket();
  for (const key of ODD) await bucket.put(key, Buffer.from(`content of ${key}`));
  expect((await listed()).map(({ key }) => key)).toEqual(ODD.toSorted());
  expect((await listed('ü/')).map(({ key }) => key)).toEqual(ODD.filter((key) => key.startsWith('ü')));
  for (const object of await listed()) {
    const part = await bucket.get(object.key, { of: object, start: 8, end: object.sizeBytes });
    expect(part?.toString()).toBe(`of ${object.key}`);
    await bucket.remove(object.key);
    expect(await bucket.get(object.key)).toBeUndefined();
  }
});

test('a store of snapshots in a bucket', async () => {
  const store = compressedStore(bucketStore(s3.bucket(), 'state'));
  expect([store.place, await store.get('g/t/0/1')]).toEqual(['s3://logs/state', undefined]);
  await store.put('g/t/0/1', 'text of a snapshot');
  expect([...s3.objects.keys()]).toEqual(['state/g/t/0/1.gz']);
  expect(await store.get('g/t/0/1')).toBe('text of a snapshot');
  await store.remove('g/t/0/1');
  await store.remove('g/t/0/1');
  expect(s3.objects.size).toBe(0);
  s3.fault = (_, response) => refuse(response, 503, 'SlowDown');
  await expect(store.get('x')).rejects.toMatchObject({ name: 'Unreachable' });
  s3.fault = (_, response) => refuse(response, 403, 'AccessDenied');
  await expect(store.put('x', '')).rejects.toMatchObject({ name: 'ReplayError', code: 'checkpoint' });
});

describe('what passes is tried again', () => {
  const once: readonly [string, Fault][] = [
    ['500', (_, response) => refuse(response, 500, 'InternalError')],
    ['503', (_, response) => refuse(response, 503, 'SlowDown')],
    ['a closed connection', (request) => request.socket.destroy()],
    ['a body that is cut', cut],
    [
      'a body that stands still',
      (_, response) => response.writeHead(206, { 'content-length': 9 }).write('a'),
    ],
    [
      'fewer bytes than the range',
      (_, response) => response.writeHead(206, { 'content-range': 'bytes 0-8/9' }).end('abc'),
    ],
    [
      'another range',
      (_, response) => response.writeHead(206, { 'content-range': 'bytes 1-8/9' }).end('23456789'),
    ],
  ];
  test.each(once)('%s', async (_, fault) => {
    s3.objects.set('k', Buffer.from('123456789'));
    s3.fault = (request, response, count) => (count < 3 ? fault(request, response, count) : 'pass');
    const bucket = s3.bucket({ timeoutMillis: 300 });
    const bytes = await bucket.get('k', { of: objectOf('k'), start: 0, end: 9 });
    expect([bytes?.toString(), s3.requests.length]).toEqual(['123456789', 3]);
  });

  test('but not for ever', async () => {
    s3.objects.set('k', Buffer.from('123456789'));
    s3.fault = cut;
    const sentence = await messageOf(s3.bucket().get('k', { of: objectOf('k'), start: 0, end: 9 }));
    expect(sentence).toMatch(/^s3:\/\/logs\/k: 127\.0\.0\.1:\d+ gave no whole answer \(ECONNRESET\)$/);
    expect(s3.requests).toHaveLength(6);
  });

  function cut(...[, response]: Parameters<Fault>): void {
    response.writeHead(206, { 'content-length': 9, 'content-range': 'bytes 0-8/9' }).write('1234');
    setTimeout(() => response.destroy(), 5);
  }
});

describe('what does not pass is one sentence with the next step, after one request', () => {
  const answers: readonly [string, number, string, Record<string, string>, RegExp][] = [
    [
      'a bucket elsewhere',
      301,
      'PermanentRedirect',
      { 'x-amz-bucket-region': 'eu-central-1' },
      /in region eu-central-1, not us-east-1: set AWS_REGION=eu-central-1$/,
    ],
    [
      'a redirect',
      307,
      'TemporaryRedirect',
      { location: 'http://127.0.0.1:1/' },
      /check the endpoint and AWS_REGION$/,
    ],
    [
      'a wrong key',
      403,
      'SignatureDoesNotMatch',
      {},
      /answered 403 \(SignatureDoesNotMatch\): check AWS_ACCESS_KEY_ID/,
    ],
    ['no permission', 403, 'AccessDenied', {}, /these credentials may not do that$/],
    ['an old token', 400, 'ExpiredToken', {}, /get new credentials$/],
    ['a wrong clock', 403, 'RequestTimeTooSkewed', {}, /set this machine's clock$/],
    [
      'no such bucket',
      404,
      'NoSuchBucket',
      {},
      /there is no bucket "logs" there; check its name and the endpoint$/,
    ],
    ['text that is no code', 400, '\u001b[31m\nX', {}, /answered 400 \( ?\[31m X\)$/],
  ];
  test.each(answers)('%s', async (_, status, code, headers, sentence) => {
    s3.fault = (_request, response) => refuse(response, status, code, headers);
    expect(await messageOf(listed())).toMatch(sentence);
    expect(s3.requests).toHaveLength(1);
  });

  test('an object that was replaced, also by a server without If-Match', async () => {
    s3.objects.set('k', Buffer.from('123456789'));
    const of = objectOf('k');
    s3.objects.set('k', Buffer.from('abcdefghi'));
    const read = () => messageOf(s3.bucket().get('k', { of, start: 0, end: 9 }));
    expect(await read()).toMatch(/^s3:\/\/logs\/k: .*replaced while it was read; run it again$/);
    s3.stop();
    s3 = await fakeS3(true);
    s3.objects.set('k', Buffer.from('abcdefghi'));
    s3.fault = ({ headers }) => {
      delete headers['if-match'];
      return 'pass';
    };
    expect(await read()).toMatch(/replaced while it was read/);
  });

  test.each([
    ['a page of a website', '<html></html>'],
    ['a listing that is cut', '<ListBucketResult><Contents><Key>a</Key>'],
    ['a listing without sizes', '<ListBucketResult><Contents><Key>a</Key></Contents></ListBucketResult>'],
    [
      'a listing that does not end',
      '<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken></ListBucketResult>',
    ],
  ])('%s', async (_, text) => {
    s3.fault = (_request, response) => response.end(text);
    expect(await messageOf(listed())).toMatch(/^s3:\/\/logs: /);
  });

  test('404 without a listing is no object to read, and a write that failed', async () => {
    s3.fault = (_request, response) => response.writeHead(404).end('<html></html>');
    expect(await s3.bucket().get('k')).toBeUndefined();
    expect(await messageOf(s3.bucket().put('k', Buffer.from('a')))).toMatch(/answered 404: .*the endpoint$/);
  });

  test.each(['a/./b', '..'])('the key %s, which a request would change', async (key) => {
    expect(await messageOf(s3.bucket().get(key))).toMatch(/with \. or \.\. between slashes; copy it$/);
    expect(s3.requests).toEqual([]);
  });

  test('no credentials where some are needed, and none where none are', async () => {
    const anonymous = () => s3.bucket({ credentials: undefined });
    expect(await messageOf(anonymous().get('k'))).toMatch(
      /: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY/,
    );
    s3.stop();
    s3 = await fakeS3(true);
    expect(await anonymous().get('k')).toBeUndefined();
  });
});
