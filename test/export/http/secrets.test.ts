import { afterEach, expect, test } from '@jest/globals';
import { resolveOtlpHttp } from '../../../src/export/settings/otlp.ts';
import { hurriedClock, LIMITS, openOtlpHttp } from '../http-destination.ts';
import { type Behaviour, type Receiver, reply, startReceiver } from '../receiver.ts';
import { spans } from '../spans.ts';

let receiver: Receiver;
afterEach(() => receiver.stop());

const SECRETS = ['hunter2', 'tok-123456', 'key-345678', 'abc.def.ghi'];

/** Repeats all it was reported, as debugging proxies do. */
const echo =
  (code: number): Behaviour =>
  ({ received, response }) => {
    const reported = JSON.stringify({ message: `no: ${JSON.stringify(received.headers)} ${received.path}` });
    reply(response, code, reported, 'application/json', { location: `http://elsewhere${received.path}` });
  };

test.each([200, 307, 400, 401, 503])(
  'no secret is in any sentence when a receiver repeats them with %d',
  async (code) => {
    receiver = await startReceiver({ behave: echo(code) });
    const endpoint = receiver.url.replace('http://', 'http://me:hunter2@');
    const settings = resolveOtlpHttp(
      { HERMES_OTEL_TOKEN: 'tok-123456', OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20abc.def.ghi' },
      { endpoint: `${endpoint}/x?api=key-345678` },
    );
    const outages: string[] = [];
    const destination = openOtlpHttp(settings, {
      limits: { ...LIMITS, retryForMillis: 2000 },
      clock: hurriedClock(),
      onOutage: (sentence) => outages.push(sentence),
    });
    await destination.spans.write(spans(3));
    const account = await destination.spans.finish();
    await destination.close();
    const said = JSON.stringify([account, outages]);
    for (const secret of SECRETS) expect(said).not.toContain(secret);
    expect(said).toContain('/x/v1/traces?…');
    expect(receiver.requests[0]?.headers).toMatchObject({
      token: 'tok-123456',
      authorization: 'Bearer abc.def.ghi',
    });
    expect(receiver.requests[0]?.path).toBe('/x/v1/traces?api=key-345678');
  },
);

test('user and password of an endpoint are sent as Basic credentials', async () => {
  receiver = await startReceiver();
  const settings = resolveOtlpHttp({}, { endpoint: receiver.url.replace('http://', 'http://me:hunt%20er@') });
  const destination = openOtlpHttp(settings);
  await destination.spans.write(spans(1));
  expect(await destination.spans.finish()).toMatchObject({ accepted: 1 });
  await destination.close();
  const basic = Buffer.from('me:hunt er').toString('base64');
  expect(receiver.requests[0]?.headers.authorization).toBe(`Basic ${basic}`);
});
