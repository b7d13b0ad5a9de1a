/** Checks of a port below OTLP: its name, the connection, TLS and HTTP/2. Nothing is sent that a receiver would store. */
import { lookup } from 'node:dns/promises';
import { type EventEmitter, once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { connect as connectTcp, isIP } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { errorCode } from '../model/system-error.ts';
import { type Finding, fail, finding, ok, type Verdict } from './finding.ts';

const TIMEOUT_MILLIS = 3_000;

export type Protocol = 'http' | 'grpc';

interface Port {
  readonly host: string;
  readonly port: number;
}

export function portOf(url: URL): Port {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return { host, port: Number(url.port) || (url.protocol === 'https:' ? 443 : 80) };
}

/** Name, connection and TLS, in this order, up to the first that fails. */
export async function checkConnection(url: URL, protocol: Protocol): Promise<readonly Finding[]> {
  const port = portOf(url);
  const checks = {
    Name: () => checkName(port),
    Connection: () => checkTcp(port, protocol),
    TLS: () => checkTls(url, port),
  };
  const findings: Finding[] = [];
  for (const [about, check] of Object.entries(checks)) {
    const verdict = await check();
    if (verdict !== undefined) findings.push(finding(about, verdict));
    if (verdict?.level === 'fail') break;
  }
  return findings;
}

async function checkName({ host }: Port): Promise<Verdict | undefined> {
  if (isIP(host) !== 0) return undefined;
  const error = await lookup(host).then(
    () => undefined,
    (reason: unknown) => errorCode(reason) ?? String(reason),
  );
  if (error === undefined) return ok(`${host} has an address.`);
  return fail(
    `${host} cannot be looked up (${error}).`,
    'Check its spelling in --endpoint. The name of a Compose service is known only inside its network.',
  );
}

async function checkTcp(port: Port, protocol: Protocol): Promise<Verdict> {
  const where = `${port.host}:${port.port}`;
  const error = await connectionError(connectTcp(port), 'connect');
  if (error === undefined) return ok(`${where} accepts connections.`);
  if (error === 'ECONNREFUSED')
    return fail(
      `Nothing listens on ${where}.`,
      `Start the receiver, or give its address with --endpoint (${usualPort(protocol)}).`,
    );
  return fail(
    `${where} cannot be reached (${error}).`,
    'Check the address, the network and the firewalls in between.',
  );
}

async function checkTls(url: URL, port: Port): Promise<Verdict | undefined> {
  if (url.protocol !== 'https:') return undefined;
  if (await hasTls(port)) return ok('The port uses TLS.');
  return fail(
    `${port.host}:${port.port} accepts connections, but does not use TLS.`,
    'Give the address with http:// instead of https://.',
  );
}

/** Whether a TLS server listens there. Its certificate is not checked. */
export async function hasTls(port: Port): Promise<boolean> {
  const socket = connectTls({ ...port, rejectUnauthorized: false });
  return (await connectionError(socket, 'secureConnect')) === undefined;
}

/** Whether the port sends HTTP/2 settings without an upgrade request. Hardly anything but a gRPC server does. */
export async function hasHttp2(url: URL): Promise<boolean> {
  const session = connectHttp2(url.origin, { rejectUnauthorized: false });
  return (await connectionError(session, 'remoteSettings')) === undefined;
}

/**
 * Waits for the event by which a connection shows that it works.
 * @returns `undefined` when it came within the timeout, else the error's code or the error
 */
async function connectionError(
  connection: EventEmitter & { destroy(): void },
  event: string,
): Promise<string | undefined> {
  const closed = new AbortController();
  connection.on('close', () => closed.abort());
  const signal = AbortSignal.any([closed.signal, AbortSignal.timeout(TIMEOUT_MILLIS)]);
  try {
    await once(connection, event, { signal });
    return undefined;
  } catch (error) {
    const code = errorCode(error) ?? (error instanceof Error ? error.message : String(error));
    return code === 'ABORT_ERR' ? 'ETIMEDOUT' : code;
  } finally {
    connection.on('error', () => {});
    connection.destroy();
  }
}

/** What usually listens on a port to which OTLP is sent by mistake. */
const USUAL: ReadonlyMap<number, string> = new Map([
  [3000, 'Grafana'],
  [3100, 'Loki'],
  [8888, "a Collector's own metrics"],
  [8889, "a Collector's metrics for Prometheus"],
  [9090, 'Prometheus, whose OTLP receiver has the path /api/v1/otlp'],
  [9411, 'Zipkin'],
  [13133, 'a health check'],
  [14268, "Jaeger's old protocol"],
  [16685, "Jaeger's query API"],
  [16686, "Jaeger's page"],
]);

/** On these ports OTLP is as likely as anything else. */
const SHARED: ReadonlySet<number> = new Set([80, 443, 4317, 4318]);

/** Advice for when another program than an OTLP receiver answers on `port`. */
export function portAdvice(port: number, protocol: Protocol): string {
  if (SHARED.has(port)) return 'Check the address';
  const usual = USUAL.get(port);
  return `Check the port (${usual === undefined ? '' : `${port} is usually ${usual}; `}${usualPort(protocol)})`;
}

function usualPort(protocol: Protocol): string {
  return protocol === 'grpc'
    ? 'OTLP over gRPC is usually on port 4317'
    : 'OTLP over HTTP is usually on port 4318';
}
