/** Questions over HTTP to programs that may not be there: an answer is a value, and so is none. */

export interface Answer {
  /** `undefined`: no answer came. */
  readonly status: number | undefined;
  /** Parsed JSON; `undefined` when the answer was something else. */
  readonly body: unknown;
  /** Why no answer came, in a few words. */
  readonly reason: string | undefined;
}

const TIMEOUT_MILLIS = 5_000;

export async function get(url: string): Promise<Answer> {
  return ask(url, {});
}

export async function postJson(url: string, body: unknown): Promise<Answer> {
  return ask(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}

async function ask(url: string, init: RequestInit): Promise<Answer> {
  try {
    const response = await fetch(url, { ...init, signal: AbortSignal.timeout(TIMEOUT_MILLIS) });
    const text = await response.text();
    return { status: response.status, body: parsed(text), reason: undefined };
  } catch (error) {
    return { status: undefined, body: undefined, reason: reasonOf(error) };
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Node's fetch says "fetch failed" and hides the reason in the cause: `ECONNREFUSED`, `ENOTFOUND`… */
function reasonOf(error: unknown): string {
  const reasons = [at(error, 'cause', 'code'), at(error, 'cause', 'message'), at(error, 'message')];
  return String(reasons.find((reason) => typeof reason === 'string' && reason !== '') ?? error);
}

export function inWords({ status, reason }: Answer): string {
  return status === undefined ? `no answer (${reason})` : `HTTP ${status}`;
}

/** The value at a path of keys and indexes; `undefined` when there is none. */
export function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>(
    (inner, key) => (typeof inner === 'object' && inner !== null ? Reflect.get(inner, key) : undefined),
    value,
  );
}

/** An array in parsed JSON, empty when there is none. */
export function list(body: unknown, ...path: readonly (string | number)[]): readonly unknown[] {
  const value = at(body, ...path);
  return Array.isArray(value) ? value : [];
}
