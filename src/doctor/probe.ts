/** Probes of OTLP receivers: each address is connected to, then each signal is sent an empty request and an invalid one. */
import type { Answer, Transport } from '../export/delivery/transport.ts';
import { checkConnection, hasHttp2, hasTls, type Protocol, portAdvice, portOf } from './connection.ts';
import { type Finding, fail, finding, ok, splitSentence, type Verdict, warn } from './finding.ts';

/** How one signal reaches its receiver. */
export interface SignalProbe {
  readonly signal: 'traces' | 'metrics';
  readonly protocol: Protocol;
  readonly url: URL;
  /** Encoding, compression, timeout and header names: a few words without secrets. */
  readonly manner: string;
  readonly transport: Transport;
}

/** A request without spans or points, which every receiver accepts and none stores; and bytes that are not OTLP. */
const BODIES = {
  json: { empty: Buffer.from('{}'), invalid: Buffer.from('no JSON') },
  protobuf: { empty: Buffer.alloc(0), invalid: Buffer.alloc(16, 0xff) },
} as const;

async function send({ transport }: SignalProbe, body: 'empty' | 'invalid'): Promise<Answer> {
  const bodies = BODIES[transport.contentType === 'application/json' ? 'json' : 'protobuf'];
  return await transport.prepare(bodies[body])(new AbortController().signal);
}

/** What findings about a signal are called. */
const ABOUT = { traces: 'OTLP traces', metrics: 'OTLP metrics' } as const;

/** The settings, then each address once, then each signal whose address can be connected to. */
export async function checkReceivers(probes: readonly SignalProbe[]): Promise<readonly Finding[]> {
  const findings: Finding[] = [finding('Receiver', settings(probes))];
  const reachable = new Map<string, boolean>();
  const accepted = new Set<string>();
  for (const probe of probes) {
    const { origin } = probe.url;
    if (!reachable.has(origin)) {
      const steps = await checkConnection(probe.url, probe.protocol);
      findings.push(...steps);
      reachable.set(origin, !steps.some(({ level }) => level === 'fail'));
    }
    if (reachable.get(origin) !== true) continue;
    const verdict = await checkSignal(probe);
    if (verdict.level === 'ok') accepted.add(probe.signal);
    findings.push(finding(ABOUT[probe.signal], verdict));
  }
  return accepted.size > 0 ? findings.map(withoutSignalAdvice) : findings;
}

/** The result of all flags, variables and defaults. */
function settings(probes: readonly SignalProbe[]): Verdict {
  if (probes.length === 0) return warn('Both signals are turned off.', 'Remove --no-traces or --no-metrics.');
  const alike = new Set(probes.map(({ manner }) => manner)).size === 1;
  const ways = probes.map(
    ({ signal, transport, manner }) => `${signal} to ${transport.destination}${alike ? '' : `, ${manner}`}`,
  );
  return ok(alike ? `${ways.join(', ')}: ${probes[0]?.manner}.` : `${ways.join('; ')}.`);
}

/** Many receivers take traces only, or metrics only. */
function withoutSignalAdvice(found: Finding): Finding {
  if (found.level !== 'fail') return found;
  const refused = (['traces', 'metrics'] as const).find((signal) => found.about === ABOUT[signal]);
  if (refused === undefined) return found;
  const other = refused === 'traces' ? 'metrics' : 'traces';
  return {
    ...found,
    next: `${found.next} If the receiver takes only ${other}, turn ${refused} off: --no-${refused}.`,
  };
}

async function checkSignal(probe: SignalProbe): Promise<Verdict> {
  const answer = await send(probe, 'empty');
  switch (answer.kind) {
    case 'accepted':
      return accepted(probe, answer.message);
    case 'final':
    case 'too_large':
      return fail(...refusal(probe, answer.sentence));
    case 'transient':
      if (answer.reached) return fail(...refusal(probe, answer.sentence));
      return unanswered(probe, answer.sentence);
    case 'unwanted':
      return unanswered(probe, 'the request was cancelled');
    default:
      return answer satisfies never;
  }
}

/** Health checks and web pages answer 200 to anything that is posted to them. */
async function accepted(probe: SignalProbe, message: string): Promise<Verdict> {
  const { url, protocol, transport } = probe;
  const shown = transport.destination;
  // A program that accepts these does not decode what it receives.
  const { kind } = await send(probe, 'invalid');
  const advice = portAdvice(portOf(url).port, protocol);
  if (kind !== 'accepted')
    return message === '' ? ok(`${shown} accepts them.`) : warn(...splitSentence(message));
  if (message !== '')
    return fail(`${shown} answers 200 to everything, and not as an OTLP receiver does.`, `${advice}.`);
  return warn(
    `${shown} accepts everything, also what is not OTLP. It may not be a receiver.`,
    `${advice}. Then use --send-test, and check that the trace arrived.`,
  );
}

/** Something other than a receiver of this signal answered. */
const WRONG_PLACE = / answered (404|405)\b/;

/** What gRPC's library reports of a TLS port that does not offer HTTP/2. */
const NO_HTTP2 = /no application protocol/;

function refusal({ url, protocol }: SignalProbe, sentence: string): [found: string, next: string] {
  if (NO_HTTP2.test(sentence)) return noHttp2(url);
  const [found, next] = splitSentence(sentence);
  if (sentence.includes('ERR_TLS_CERT_ALTNAME_INVALID'))
    return [found, 'Use a name from its certificate in --endpoint.'];
  if (!WRONG_PLACE.test(sentence)) return [found, next];
  const lowerCased = `${next.charAt(0).toLowerCase()}${next.slice(1)}`;
  return [found, `${portAdvice(portOf(url).port, protocol)} and the path: ${lowerCased}`];
}

async function unanswered({ url, protocol }: SignalProbe, sentence: string): Promise<Verdict> {
  const port = portOf(url);
  const where = `${port.host}:${port.port}`;
  if (url.protocol === 'http:' && (await hasTls(port)))
    return fail(`${where} requires TLS.`, 'Give the address with https:// instead of http://.');
  const http2 = await hasHttp2(url);
  if (http2 && protocol === 'http')
    return fail(
      `${where} is a gRPC port: it accepts only HTTP/2.`,
      "Use the receiver's HTTP port (usually 4318), or `-e otlp_grpc`.",
    );
  if (!http2 && protocol === 'grpc') return fail(...noHttp2(url));
  return fail(...splitSentence(sentence));
}

function noHttp2(url: URL): [found: string, next: string] {
  const { host, port } = portOf(url);
  return [
    `${host}:${port} does not support HTTP/2, which gRPC requires.`,
    "Use the receiver's gRPC port (usually 4317), or `-e otlp`.",
  ];
}
