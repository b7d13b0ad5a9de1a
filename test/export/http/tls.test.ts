import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { Tls } from '../../../src/export/http/transport.ts';
import { type Certificates, makeCertificates } from '../certificates.ts';
import { httpDestination } from '../http-destination.ts';
import { type Receiver, startReceiver } from '../receiver.ts';
import { spans } from '../spans.ts';

let certificates: Certificates;
let receiver: Receiver;
beforeAll(async () => {
  certificates = await makeCertificates();
});
afterEach(() => receiver.stop());

async function send(tls: Partial<Tls>, url = receiver.url) {
  const destination = httpDestination({
    url,
    signal: {
      destination: 'R',
      tls: { certificate: undefined, clientCertificate: undefined, clientKey: undefined, ...tls },
    },
    limits: { retryForMillis: 3000 },
  });
  await destination.spans.write(spans(5));
  const account = await destination.spans.finish();
  await destination.close();
  return account;
}

describe('a receiver with TLS', () => {
  test('is trusted by the authority we were given', async () => {
    receiver = await startReceiver({ tls: certificates.server });
    expect(await send({ certificate: certificates.authority })).toMatchObject({ made: 5, accepted: 5 });
  });

  test('is not trusted without, which is reported at once', async () => {
    receiver = await startReceiver({ tls: certificates.server });
    const account = await send({});
    expect(account).toMatchObject({ failed: 5, requests: 1 });
    expect(account.problems[0]).toMatch(
      /^R cannot be reached: its certificate comes from an authority that is not trusted/,
    );
    expect(account.problems[0]).toContain('check OTEL_EXPORTER_OTLP_CERTIFICATE');
  });

  test('of another name is not trusted', async () => {
    const elsewhere = await makeCertificates('elsewhere.test');
    receiver = await startReceiver({ tls: elsewhere.server });
    const account = await send({ certificate: elsewhere.authority });
    expect(account).toMatchObject({ failed: 5, requests: 1 });
    expect(account.problems[0]).toContain('its certificate is for another name');
  });

  test('of another authority with the same name is not trusted', async () => {
    receiver = await startReceiver({ tls: (await makeCertificates()).server });
    const account = await send({ certificate: certificates.authority });
    expect(account).toMatchObject({ failed: 5, requests: 1 });
    expect(account.problems[0]).toContain('its certificate is not trusted');
  });

  test('is not reached with http', async () => {
    receiver = await startReceiver({ tls: certificates.server });
    expect(await send({}, receiver.url.replace('https', 'http'))).toMatchObject({ accepted: 0, failed: 5 });
  });
});

describe('a receiver that wants to know us', () => {
  const mutual = () => ({
    ...certificates.server,
    ca: certificates.authority,
    requestCert: true,
    rejectUnauthorized: true,
  });

  test('takes our certificate', async () => {
    receiver = await startReceiver({ tls: mutual() });
    const { cert, key } = certificates.client;
    const tls = { certificate: certificates.authority, clientCertificate: cert, clientKey: key };
    expect(await send(tls)).toMatchObject({ made: 5, accepted: 5 });
  });

  test('does not take us without, and that is final', async () => {
    receiver = await startReceiver({ tls: mutual() });
    const account = await send({ certificate: certificates.authority });
    expect(account).toMatchObject({ failed: 5 });
    expect(account.problems[0]).toContain('OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE');
  });
});

test('https to a receiver without TLS is reported as such', async () => {
  receiver = await startReceiver();
  const account = await send({}, receiver.url.replace('http', 'https'));
  expect(account).toMatchObject({ failed: 5, requests: 1 });
  expect(account.problems[0]).toMatch(/the TLS handshake failed/);
});
