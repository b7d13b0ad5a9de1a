/** Probes of OTLP receivers: each address is connected to, then each signal is sent an empty request and an invalid one. */
import type { Answer, Transport } from '../export/delivery/transport.ts';
import { checkConnection, hasHttp2, hasTls, type Protocol, portAdvice, portOf } from './connection.ts';
import { type Finding, fail, ok, splitSentence, warn } from './finding.ts';

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
  const findings: Finding[] = [settings(probes)];
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
    const finding = await checkSignal(probe);
    if (finding.level === 'ok') accepted.add(finding.about);
    findings.push(finding);
  }
  return findings.map((finding) => (accepted.size > 0 ? withoutSignalAdvice(finding) : finding));
}

/** The result of all flags, variables and defaults. */
function settings(probes: readonly SignalProbe[]): Finding {
  if (probes.length === 0)
    return warn('Receiver', 'Both signals are turned off.', 'Remove --no-traces or --no-metrics.');
  const alike = new Set(probes.map(({ manner }) => manner)).size === 1;
  const ways = probes.map(
    ({ signal, transport, manner }) => `${signal} to ${transport.destination}${alike ? '' : `, ${manner}`}`,
  );
  return ok('Receiver', alike ? `${ways.join(', ')}: ${probes[0]?.manner}.` : `${ways.join('; ')}.`);
}

/** Many receivers take traces only, or metrics only. */
function withoutSignalAdvice(finding: Finding): Finding {
  if (finding.level !== 'fail') return finding;
  const refused = (['traces', 'metrics'] as const).find((signal) => finding.about === ABOUT[signal]);
  if (refused === undefined) return finding;
  const other = refused === 'traces' ? 'metrics' : 'traces';
  return {
    ...finding,
    next: `${finding.next} If the receiver takes only ${other}, turn ${refused} off: --no-${refused}.`,
  };
}

async function checkSignal(probe: SignalProbe): Promise<Finding> {
  const about = ABOUT[probe.signal];
  const answer = await send(probe, 'empty');
  switch (answer.kind) {
    case 'accepted':
      return accepted(about, probe, answer.message);
    case 'final':
    case 'too_large':
      return fail(about, ...refusal(probe, answer.sentence));
    case 'transient':
      if (answer.reached) return fail(about, ...refusal(probe, answer.sentence));
      return unanswered(about, probe, answer.sentence);
    case 'unwanted':
      return unanswered(about, probe, 'the request was cancelled');
    default:
      return answer satisfies never;
  }
}

/** Health checks and web pages answer 200 to anything that is posted to them. */
async function accepted(about: string, probe: SignalProbe, message: string): Promise<Finding> {
  const { url, protocol, transport } = probe;
  const shown = transport.destination;
  // A program that accepts these does not decode what it receives.
  const { kind } = await send(probe, 'invalid');
  const advice = portAdvice(portOf(url).port, protocol);
  if (kind !== 'accepted')
    return message === '' ? ok(about, `${shown} accepts them.`) : warn(about, ...splitSentence(message));
  if (message !== '')
    return fail(about, `${shown} answers 200 to everything, and not as an OTLP receiver does.`, `${advice}.`);
  return warn(
    about,
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

async function unanswered(about: string, { url, protocol }: SignalProbe, sentence: string): Promise<Finding> {
  const port = portOf(url);
  const where = `${port.host}:${port.port}`;
  if (url.protocol === 'http:' && (await hasTls(port)))
    return fail(about, `${where} requires TLS.`, 'Give the address with https:// instead of http://.');
  const http2 = await hasHttp2(url);
  if (http2 && protocol === 'http')
    return fail(
      about,
      `${where} is a gRPC port: it accepts only HTTP/2.`,
      "Use the receiver's HTTP port (usually 4318), or `-e otlp_grpc`.",
    );
  if (!http2 && protocol === 'grpc') return fail(about, ...noHttp2(url));
  return fail(about, ...splitSentence(sentence));
}

function noHttp2(url: URL): [found: string, next: string] {
  const { host, port } = portOf(url);
  return [
    `${host}:${port} does not support HTTP/2, which gRPC requires.`,
    "Use the receiver's gRPC port (usually 4317), or `-e otlp`.",
  ];
}
