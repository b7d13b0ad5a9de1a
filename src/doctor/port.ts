import { lookup } from 'node:dns/promises';
import { connect as connectHttp2 } from 'node:http2';
import { connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';

/** Looks at a port from below, without sending anything that counts: its name, the connection, and which protocols it speaks. */

const TIMEOUT_MILLIS = 3_000;

/** `undefined`: it worked; else the error's code, or its message. */
export type Trouble = string | undefined;

export interface Port {
  readonly host: string;
  readonly port: number;
}

export function portOf(url: URL): Port {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return { host, port: Number(url.port) || (url.protocol === 'https:' ? 443 : 80) };
}

export async function nameTrouble({ host }: Port): Promise<Trouble> {
  return lookup(host).then(() => undefined, troubleOf);
}

export async function connectionTrouble(port: Port): Promise<Trouble> {
  return outcome((done) => {
    const socket = connectTcp(port, () => done(undefined));
    socket.on('error', done);
    return () => socket.destroy();
  });
}

/** Whether a TLS server is there; whom its certificate is from does not matter here. */
export async function tlsTrouble({ host, port }: Port): Promise<Trouble> {
  return outcome((done) => {
    const socket = connectTls({ host, port, rejectUnauthorized: false }, () => done(undefined));
    socket.on('error', done);
    return () => socket.destroy();
  });
}

/** Whether the port opens with HTTP/2's settings to who has not asked for an upgrade: a gRPC server, and hardly anything else. */
export async function speaksHttp2(url: URL): Promise<boolean> {
  const trouble = await outcome((done) => {
    const session = connectHttp2(url.origin, { rejectUnauthorized: false });
    session.on('remoteSettings', () => done(undefined));
    session.on('error', done);
    session.on('close', () => done(new Error('closed')));
    return () => session.destroy();
  });
  return trouble === undefined;
}

function outcome(begin: (done: (error: unknown) => void) => () => void): Promise<Trouble> {
  return new Promise((resolve) => {
    let end: () => void = () => {};
    const late = setTimeout(() => settle('ETIMEDOUT'), TIMEOUT_MILLIS);
    const settle = (trouble: Trouble) => {
      clearTimeout(late);
      resolve(trouble);
      end();
    };
    end = begin((error) => settle(error === undefined ? undefined : troubleOf(error)));
  });
}

function troubleOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return String(error);
  if ('code' in error && typeof error.code === 'string') return error.code;
  return 'message' in error ? String(error.message) : 'unknown';
}
