/** Where a call went, from its base URL: never its path, its query or its credentials. */
export interface Server {
  /** Host name or address (IPv6 without brackets); `undefined` when the URL names none. */
  readonly address: string | undefined;
  /** The URL's port, or its scheme's; `undefined` without one. */
  readonly port: number | undefined;
}

const NOWHERE: Server = { address: undefined, port: undefined };
const DEFAULT_PORTS: Readonly<Record<string, number>> = { 'https:': 443, 'http:': 80 };

/** `localhost:8080/v1`, as people write it into a configuration, reads as `http://localhost:8080/v1`. */
export function serverOf(baseUrl: string): Server {
  const text = baseUrl.includes('://') ? baseUrl : `http://${baseUrl}`;
  if (!URL.canParse(text)) return NOWHERE;
  const { hostname, port, protocol } = new URL(text);
  if (hostname === '') return NOWHERE;
  return {
    address: hostname.startsWith('[') ? hostname.slice(1, -1) : hostname,
    port: port === '' ? DEFAULT_PORTS[protocol] : Number(port),
  };
}
