import { isIP } from 'node:net';
import { type Finding, fail, ok } from './finding.ts';
import { connectionTrouble, nameTrouble, type Port, portOf, tlsTrouble } from './port.ts';
import type { SignalProbe } from './signal-probe.ts';
import { usualPort } from './usual-ports.ts';

/** From the name to TLS, each step only when the one before it is ok. */
export async function reach({ url, protocol }: SignalProbe): Promise<readonly Finding[]> {
  const port = portOf(url);
  const steps = [() => checkName(port), () => checkConnection(port, protocol), () => checkTls(url, port)];
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

async function checkConnection(port: Port, protocol: SignalProbe['protocol']): Promise<Finding> {
  const about = 'Connection';
  const where = `${port.host}:${port.port}`;
  const trouble = await connectionTrouble(port);
  if (trouble === undefined) return ok(about, `${where} takes connections.`);
  if (trouble === 'ECONNREFUSED') {
    return fail(
      about,
      `Nothing listens on ${where}.`,
      `Start the receiver, or give its address with --endpoint (${usualPort(protocol)}).`,
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
