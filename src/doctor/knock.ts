import { type Finding, fail, ok, warn } from './finding.ts';
import { portOf, speaksHttp2, tlsTrouble } from './port.ts';
import { cut } from './sentence.ts';
import { ABOUT, type SignalProbe } from './signal-probe.ts';
import { checkThePort } from './usual-ports.ts';

/** Sends nothing, and then nonsense, to a port that takes connections. */
export async function knockAt(probe: SignalProbe): Promise<Finding> {
  const about = ABOUT[probe.signal];
  const knock = await probe.knock();
  switch (knock.kind) {
    case 'accepted':
      return accepted(about, probe, knock.message);
    case 'refused':
      return fail(about, ...refusal(probe, knock.sentence));
    case 'unanswered':
      return unanswered(about, probe, knock.sentence);
    default:
      return knock satisfies never;
  }
}

/** Health checks and web pages answer 200 to whatever is posted to them. */
async function accepted(about: string, probe: SignalProbe, message: string): Promise<Finding> {
  const { url, protocol, shown } = probe;
  const { kind } = await probe.knockWithNonsense();
  const port = checkThePort(portOf(url).port, protocol);
  if (kind !== 'accepted') {
    return message === '' ? ok(about, `${shown} takes them.`) : warn(about, ...cut(message));
  }
  if (message !== '') {
    return fail(about, `${shown} answers 200 to everything, and not as an OTLP receiver does.`, `${port}.`);
  }
  return warn(
    about,
    `${shown} takes everything, also what is no OTLP; it may be none.`,
    `${port}. Then --send-test, and see whether the trace is there.`,
  );
}

/** Something else than a receiver of this signal is there. */
const WRONG_PLACE = / answered (404|405)\b/;

/** What gRPC's library says of a TLS port that offers no HTTP/2. */
const NO_HTTP2 = /no application protocol/;

function refusal({ url, protocol }: SignalProbe, sentence: string): [found: string, next: string] {
  if (NO_HTTP2.test(sentence)) return noHttp2(url);
  const [found, next] = cut(sentence);
  if (sentence.includes('ERR_TLS_CERT_ALTNAME_INVALID'))
    return [found, 'Use a name that its certificate is for in --endpoint.'];
  if (!WRONG_PLACE.test(sentence)) return [found, next];
  return [found, `${checkThePort(portOf(url).port, protocol)} and the path: ${lowerCased(next)}`];
}

async function unanswered(about: string, { url, protocol }: SignalProbe, sentence: string): Promise<Finding> {
  const port = portOf(url);
  const where = `${port.host}:${port.port}`;
  if (url.protocol === 'http:' && (await tlsTrouble(port)) === undefined) {
    return fail(about, `${where} speaks TLS.`, 'Give the address with https:// instead of http://.');
  }
  const http2 = await speaksHttp2(url);
  if (http2 && protocol === 'http') {
    return fail(
      about,
      `${where} is a gRPC port: it speaks HTTP/2 only.`,
      "Use the receiver's HTTP port (usually 4318), or `-e otlp_grpc`.",
    );
  }
  if (!http2 && protocol === 'grpc') {
    return fail(about, ...noHttp2(url));
  }
  return fail(about, ...cut(sentence));
}

function noHttp2(url: URL): [found: string, next: string] {
  const { host, port } = portOf(url);
  return [
    `${host}:${port} does not speak HTTP/2, as gRPC does.`,
    "Use the receiver's gRPC port (usually 4317), or `-e otlp`.",
  ];
}

function lowerCased(sentence: string): string {
  return `${sentence.charAt(0).toLowerCase()}${sentence.slice(1)}`;
}
