import { OptionError, type Setting } from './settings.ts';

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
