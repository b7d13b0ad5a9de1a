/**
 * The wait that a `Retry-After` header asks for: whole seconds, or an HTTP date (RFC 9110, 10.2.3).
 * @returns milliseconds, never negative; `undefined` without a header or when it is neither.
 */
export function retryAfterMillis(header: string | undefined, wallMillis: number): number | undefined {
  const text = header?.trim() ?? '';
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  // Date.parse also reads things that are no HTTP date, such as "-1" and "1.5".
  if (!/^[A-Za-z]{3}/.test(text)) return undefined;
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - wallMillis);
}
