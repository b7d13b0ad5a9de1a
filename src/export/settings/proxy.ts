import { BlockList, isIP } from 'node:net';
import { type Env, OptionError, variable } from './settings.ts';

/**
 * The proxy for `url` by `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`, in lower case first, as curl reads
 * them. Loopback addresses are always reached directly.
 * @returns `undefined` for a direct connection.
 */
export function readProxy(env: Env, url: URL): URL | undefined {
  const either = (name: string) => variable(env, name.toLowerCase()) ?? variable(env, name);
  const setting = either(url.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY') ?? either('ALL_PROXY');
  if (setting === undefined || isLoopback(url) || isExempt(either('NO_PROXY')?.value ?? '', url))
    return undefined;
  const text = setting.value.includes('://') ? setting.value : `http://${setting.value}`;
  const proxy = URL.canParse(text) ? new URL(text) : undefined;
  // The value may hold a password: messages name the variable only.
  if (proxy === undefined || !/^https?:$/.test(proxy.protocol))
    throw new OptionError(`${setting.source} must be a URL such as http://proxy.example.com:3128`);
  return proxy;
}

function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, '').toLowerCase();
}

function isLoopback(url: URL): boolean {
  const host = hostOf(url);
  return host === 'localhost' || host.endsWith('.localhost') || host === '::1' || /^127\./.test(host);
}

/** Each entry is `*`, a domain (its subdomains too), an address, or a network such as 10.0.0.0/8; a port may follow. */
function isExempt(list: string, url: URL): boolean {
  const host = hostOf(url);
  const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port;
  return list
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .some((entry) => {
      const [, name = entry, only] = /^([^:]*|\[.*\]):(\d+)$/.exec(entry) ?? [];
      if (only !== undefined && only !== port) return false;
      const bare = name.replace(/^\[|\]$/g, '').replace(/^\*?\./, '');
      return bare === '*' || host === bare || host.endsWith(`.${bare}`) || isWithin(host, bare);
    });
}

function isWithin(host: string, network: string): boolean {
  const [address = '', bits] = network.split('/');
  const family = isIP(host) === 6 ? 'ipv6' : 'ipv4';
  if (bits === undefined || isIP(host) === 0 || isIP(host) !== isIP(address)) return false;
  if (!/^\d+$/.test(bits) || Number(bits) > (family === 'ipv6' ? 128 : 32)) return false;
  const list = new BlockList();
  list.addSubnet(address, Number(bits), family);
  return list.check(host, family);
}
