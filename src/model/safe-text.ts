/** Limits in UTF-16 units, of spans and views alike. The first two are the live plugin's. */
export const MESSAGE_CHARS = 500;
export const PAYLOAD_CHARS = 2048;
const ERROR_CHARS = 256;

/** Redaction sees this many units after the limit, so that a key that crosses the limit is recognised. */
const TAIL_CHARS = 512;

/** The first `limit` UTF-16 units of `text`, one less where the cut would fall inside a surrogate pair. */
export function cut(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const last = text.charCodeAt(limit - 1);
  const splitsPair = last >= 0xd800 && last <= 0xdbff && isLowSurrogate(text.charCodeAt(limit));
  return text.slice(0, splitsPair ? limit - 1 : limit);
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}

/** Text from the log that may be exported: without obvious secrets, at most `limit` UTF-16 units. */
export function safeText(text: string, limit: number): string {
  return cut(redact(cut(text, limit + TAIL_CHARS)), limit);
}

/** An error message as a status description or an `exception.message`. `undefined` stays `undefined`. */
export function errorText(message: string | undefined): string | undefined {
  return message === undefined ? undefined : safeText(message, ERROR_CHARS);
}

const MARK = '[redacted]';

/**
 * Keys of well-known issuers, JWTs and PEM private keys. Each pattern starts at a word boundary and is long, so that
 * prose stays. The patterns are wider than those of `findSecrets` in `validate`, which reports secrets to people and
 * must not be wrong: removing one word too many costs little, so short, cut and malformed keys go too.
 */
const TOKENS =
  /\b(?:(?:sk|pk|rk)[-_][\w-]{16,}|gh[oprsu]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|xox[abeoprs]-[\w-]{10,}|A[KS]IA[A-Z0-9]{16}|AIza[\w-]{30,}|hf_\w{20,}|ya29\.[\w-]{20,}|\d{8,10}:AA[\w-]{30,}|hooks\.slack\.com\/services\/[\w/]{20,}|npm_\w{30,}|eyJ[\w-]{8,512}\.[\w-]{8,}\.[\w-]*)/g;
const PRIVATE_KEYS =
  /-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]{0,30}PRIVATE KEY-----|$)/g;
/** A secret after a word that announces it. The word stays, as it explains the error. */
const ANNOUNCED =
  /\b(bearer|basic)( +)[\w.~+/=-]{8,}|((?:api[_-]?key|token|secret|passw(?:or)?d|authorization)["']?\s{0,4}[:=]\s{0,4}["']?)(?!bearer|basic)[^\s"',;}[]{6,}/gi;
const URL_CREDENTIALS = /(:\/\/)[^\s/@:]*(?::[^\s/@]*)?@/g;

/**
 * `text` without obvious keys, tokens and passwords. A safety net: unknown forms of secrets stay.
 * For short texts, such as a status or cut content. Callers cut first, which bounds the cost.
 */
export function redact(text: string): string {
  return text
    .replace(PRIVATE_KEYS, MARK)
    .replace(TOKENS, MARK)
    .replace(URL_CREDENTIALS, `$1${MARK}@`)
    .replace(ANNOUNCED, (_match, scheme, gap, name) =>
      scheme === undefined ? `${name}${MARK}` : `${scheme}${gap}${MARK}`,
    );
}
