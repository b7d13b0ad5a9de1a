import { OptionError } from './problem.ts';
import type { Setting } from './settings.ts';

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

/** The URL as people may see it: without user, password, query and fragment, which often hold secrets. */
export function redactUrl(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname === '/' ? '' : url.pathname}${url.search === '' ? '' : '?…'}`;
}

/** What must never be shown of a URL. */
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
