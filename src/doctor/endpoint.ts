import { isIP } from 'node:net';
import { type Finding, fail, ok, warn } from './finding.ts';
import { connectionTrouble, nameTrouble, type Port, portOf, speaksHttp2, tlsTrouble } from './port.ts';
import { cut } from './sentence.ts';
import { checkThePort } from './usual-ports.ts';

/** One signal's way to its receiver, and a first knock at the door. */
export interface SignalProbe {
  readonly signal: 'traces' | 'metrics';
  readonly protocol: 'http' | 'grpc';
  readonly url: URL;
  /** The URL without its secrets. */
  readonly shown: string;
  /** What is sent and how, in a few words without secrets. */
  readonly manner: string;
  /** Sends a request without spans or points, which every receiver takes and none stores. */
  knock(): Promise<Knock>;
  /** Sends what is no OTLP: who takes that, too, has not looked. */
  knockWithNonsense(): Promise<Knock>;
}

export type Knock =
  /** `message` is what the receiver says of it; '' without a word. */
  | { readonly kind: 'accepted'; readonly message: string }
  /** The receiver answered, and does not take it; the sentence says why and what to do. */
  | { readonly kind: 'refused'; readonly sentence: string }
  | { readonly kind: 'unanswered'; readonly sentence: string };

/** From the name to the receiver's answer, each step only when the one before it is ok. */
export async function checkEndpoints(probes: readonly SignalProbe[]): Promise<readonly Finding[]> {
  const findings: Finding[] = [settings(probes)];
  const reached = new Map<string, boolean>();
  /** What is taken, as the findings call it. */
  const taken = new Set<string>();
  for (const probe of probes) {
    const { origin } = probe.url;
    if (!reached.has(origin)) {
      const steps = await reach(probe.url);
      findings.push(...steps);
      reached.set(
        origin,
        steps.every(({ level }) => level !== 'fail'),
      );
    }
    if (reached.get(origin) !== true) continue;
    const finding = await knockAt(probe);
    if (finding.level === 'ok') taken.add(finding.about);
    findings.push(finding);
  }
  return findings.map((finding) => (taken.size > 0 ? withoutIt(finding) : finding));
}

/** Where flags, variables and defaults lead in the end. */
function settings(probes: readonly SignalProbe[]): Finding {
  const alike = new Set(probes.map(({ manner }) => manner)).size === 1;
  const ways = probes.map(
    ({ signal, shown, manner }) => `${signal} to ${shown}${alike ? '' : `, ${manner}`}`,
  );
  return ok('Receiver', alike ? `${ways.join(', ')}: ${probes[0]?.manner}.` : `${ways.join('; ')}.`);
}

async function reach(url: URL): Promise<readonly Finding[]> {
  const port = portOf(url);
  const steps = [() => checkName(port), () => checkConnection(port), () => checkTls(url, port)];
  const findings: Finding[] = [];
  for (const step of steps) {
    const finding = await step();
    if (finding === undefined) continue;
    findings.push(finding);
    if (finding.level === 'fail') break;
  }
  return findings;
}

async function checkName(port: Port): Promise<Finding | undefined> {
  if (isIP(port.host) !== 0) return undefined;
  const about = 'Name';
  const trouble = await nameTrouble(port);
  if (trouble === undefined) return ok(about, `${port.host} is known.`);
  return fail(
    about,
    `${port.host} cannot be looked up (${trouble}).`,
    'Check its spelling in --endpoint; a name of a Compose service is known only inside its network.',
  );
}

async function checkConnection(port: Port): Promise<Finding> {
  const about = 'Connection';
  const where = `${port.host}:${port.port}`;
  const trouble = await connectionTrouble(port);
  if (trouble === undefined) return ok(about, `${where} takes connections.`);
  if (trouble === 'ECONNREFUSED') {
    return fail(
      about,
      `Nothing listens on ${where}.`,
      'Start the receiver, or give its address with --endpoint (OTLP over HTTP is usually on port 4318).',
    );
  }
  return fail(
    about,
    `${where} cannot be reached (${trouble}).`,
    'Check the address, the network and firewalls between here and there.',
  );
}

async function checkTls(url: URL, port: Port): Promise<Finding | undefined> {
  if (url.protocol !== 'https:') return undefined;
  const about = 'TLS';
  const trouble = await tlsTrouble(port);
  if (trouble === undefined) return ok(about, 'The port speaks TLS.');
  return fail(
    about,
    `${port.host}:${port.port} takes connections, but speaks no TLS.`,
    'Give the address with http:// instead of https://.',
  );
}

const ABOUT = { traces: 'OTLP traces', metrics: 'OTLP metrics' } as const;

/** Many receivers are for traces alone, or for metrics. */
function withoutIt(finding: Finding): Finding {
  const signal = (
    [
      ['traces', 'metrics'],
      ['metrics', 'traces'],
    ] as const
  ).find(([refused]) => finding.level === 'fail' && finding.about === ABOUT[refused]);
  if (signal === undefined) return finding;
  const [refused, other] = signal;
  return {
    ...finding,
    next: `${finding.next} If the receiver takes ${other} alone, send it no ${refused}: --no-${refused}.`,
  };
}

async function knockAt(probe: SignalProbe): Promise<Finding> {
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

function refusal({ url, protocol }: SignalProbe, sentence: string): [found: string, next: string] {
  const [found, next] = cut(sentence);
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
    return fail(
      about,
      `${where} does not speak HTTP/2, as gRPC does.`,
      "Use the receiver's gRPC port (usually 4317), or `-e otlp`.",
    );
  }
  return fail(about, ...cut(sentence));
}

function lowerCased(sentence: string): string {
  return `${sentence.charAt(0).toLowerCase()}${sentence.slice(1)}`;
}
