import { readFileSync } from 'node:fs';
import type { Temporality } from '../../model/otel.ts';
import { errorInWords } from '../../model/system-error.ts';
import type { SignalName } from '../delivery/transport.ts';
import type { Tls } from '../http/transport.ts';

/** A setting that cannot be used: one sentence that names the flag or the variable, never a secret value. */
export class OptionError extends Error {}

export type Env = Readonly<Record<string, string | undefined>>;

/** A value and where the user set it. Messages name the source, and never a value that may be secret. */
export interface Setting {
  readonly source: string;
  readonly value: string;
}

/** `OTEL_EXPORTER_OTLP_TRACES_X`, else `OTEL_EXPORTER_OTLP_X`. An empty variable counts as unset, as the specification says. */
export function signalVariable(env: Env, signal: SignalName, name: string): Setting | undefined {
  return ownVariable(env, signal, name) ?? variable(env, `OTEL_EXPORTER_OTLP_${name}`);
}

export function ownVariable(env: Env, signal: SignalName, name: string): Setting | undefined {
  return variable(env, `OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_${name}`);
}

export function variable(env: Env, source: string): Setting | undefined {
  const value = env[source]?.trim() ?? '';
  return value === '' ? undefined : { source, value };
}

/** A flag beats a variable. */
export function flagOr(
  flag: string,
  value: string | undefined,
  other: Setting | undefined,
): Setting | undefined {
  return value === undefined ? other : { source: flag, value };
}

/** One of a few words, in upper or lower case. */
export function oneOf<T extends string>(setting: Setting | undefined, words: readonly T[], fallback: T): T {
  if (setting === undefined) return fallback;
  const word = words.find((candidate) => candidate === setting.value.toLowerCase());
  if (word === undefined) throw new OptionError(`${setting.source} must be ${words.join(' or ')}`);
  return word;
}

export function positiveMillis(setting: Setting | undefined, fallback: number): number {
  if (setting === undefined) return fallback;
  const millis = Number(setting.value);
  if (!Number.isFinite(millis) || millis <= 0) {
    throw new OptionError(`${setting.source} must be a number of milliseconds above 0`);
  }
  return millis;
}

/** Reads the certificate files that the specification's variables name. */
export function readTls(env: Env, signal: SignalName): Tls {
  const pem = (name: string) => readPem(signalVariable(env, signal, name));
  return {
    certificate: pem('CERTIFICATE'),
    clientCertificate: pem('CLIENT_CERTIFICATE'),
    clientKey: pem('CLIENT_KEY'),
  };
}

function readPem(setting: Setting | undefined): string | undefined {
  if (setting === undefined) return undefined;
  const { source, value } = setting;
  let text: string;
  try {
    text = readFileSync(value, 'utf8');
  } catch (error) {
    throw new OptionError(`${source} names ${value}, which cannot be read: ${errorInWords(error)}`);
  }
  if (!text.includes('-----BEGIN '))
    throw new OptionError(`${source} names ${value}, which is not a PEM file`);
  return text;
}

/**
 * `OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE`. `lowmemory` means delta for counters and histograms, and there
 * are no other instruments here.
 */
export function resolveTemporality(env: Env): Temporality {
  const setting = variable(env, 'OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE');
  const preference = oneOf(setting, ['cumulative', 'delta', 'lowmemory'], 'cumulative');
  return preference === 'cumulative' ? 'cumulative' : 'delta';
}

/** In lower case; the later source wins. */
export type Headers = Readonly<Record<string, string>>;

/**
 * `HERMES_OTEL_TOKEN` < `OTEL_EXPORTER_OTLP_HEADERS` < the signal's own < `--header`.
 * @param flags as given: `name=value`
 */
export function readHeaders(env: Env, flags: readonly string[], signal: SignalName): Headers {
  const token = variable(env, 'HERMES_OTEL_TOKEN');
  const pairs = [
    ...(token === undefined ? [] : [checked('token', token)]),
    ...listed(variable(env, 'OTEL_EXPORTER_OTLP_HEADERS')),
    ...listed(ownVariable(env, signal, 'HEADERS')),
    ...flags.map((value) => pair({ source: '--header', value }, (text) => text)),
  ];
  return Object.fromEntries(pairs);
}

type Pair = readonly [name: string, value: string];

/** `a=1,b=2`, values percent-encoded, as in a W3C baggage header; what follows a `;` is baggage metadata and dropped. */
function listed(setting: Setting | undefined): Pair[] {
  if (setting === undefined) return [];
  const { source, value } = setting;
  return value
    .split(',')
    .filter((member) => member.trim() !== '')
    .map((member) =>
      pair({ source, value: member.split(';', 1)[0] ?? '' }, (text) => percentDecoded(source, text)),
    );
}

function pair({ source, value }: Setting, decode: (text: string) => string): Pair {
  const cut = value.indexOf('=');
  if (cut < 1) throw new OptionError(`${source} must be name=value`);
  return checked(decode(value.slice(0, cut).trim()), { source, value: decode(value.slice(cut + 1).trim()) });
}

/** Characters that HTTP allows in a header's name (RFC 9110, 5.6.2). */
const NAME = /^[!#$%&'*+.^_`|~0-9a-z-]+$/;
/** One line of visible characters and blanks. */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

function checked(name: string, { source, value }: Setting): Pair {
  const lower = name.toLowerCase();
  if (!NAME.test(lower)) throw new OptionError(`${source} has a header name that HTTP does not allow`);
  if (!VALUE.test(value))
    throw new OptionError(`${source} has a value for ${lower} that HTTP does not allow`);
  return [lower, value];
}

/** Throws an `OptionError` that names `source`. */
export function percentDecoded(source: string, text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new OptionError(`${source} has a "%" that is no percent-encoding: write it as %25`);
  }
}

export function readUrl({ source, value }: Setting): URL {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.hostname === '') {
    throw new OptionError(`${source} must be a URL such as http://localhost:4318`);
  }
  return url;
}

/** The base address with a signal's path below its own, as the specification says. */
export function withPath(base: URL, path: string): URL {
  const url = new URL(base);
  url.pathname = `${url.pathname.replace(/\/+$/, '')}${path}`;
  return url;
}

/** The URL for people: without user, password, query and fragment, which often hold secrets. */
export function redactUrl(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname === '/' ? '' : url.pathname}${url.search === '' ? '' : '?…'}`;
}

/** The parts of a URL that must never be shown. */
export function secretsOfUrl(url: URL): readonly string[] {
  const { username, password } = url;
  const user = [username, password].filter((part) => part !== '');
  const basic =
    user.length === 0 ? [] : [Buffer.from(`${decode(username)}:${decode(password)}`).toString('base64')];
  const query = url.search === '' ? [] : [url.search.slice(1), ...url.searchParams.values()];
  return [...basic, ...user, ...user.map(decode), ...query];
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Shorter texts would be found in every word. */
const SHORTEST_SECRET = 4;

/**
 * Makes a function that removes known secrets from outside text: a receiver may repeat the header that it refused.
 * The words of a secret count as secrets too (`Bearer abcdef`).
 */
export function createRedactor(secrets: readonly string[]): (text: string) => string {
  const all = secrets
    .flatMap((secret) => [secret, ...secret.split(/\s+/)])
    .filter((secret) => secret.length >= SHORTEST_SECRET && !SCHEMES.has(secret.toLowerCase()))
    .sort((a, b) => b.length - a.length);
  const unique = [...new Set(all)];
  return (text) => unique.reduce((clean, secret) => clean.replaceAll(secret, '***'), text);
}

const SCHEMES: ReadonlySet<string> = new Set(['basic', 'bearer', 'apikey', 'token']);
