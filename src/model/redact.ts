const MARK = '[redacted]';

/**
 * What nobody writes by accident: keys of well-known issuers, JWTs, PEM private keys. Each starts at a word boundary
 * and is long, so that prose is left alone. Wider than `findSecrets`, which must be right when it accuses: a word too
 * many that goes costs little, so the short, the cut and the malformed go too, in one pass.
 */
const TOKENS =
  /\b(?:(?:sk|pk|rk)[-_][\w-]{16,}|gh[oprsu]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|xox[abeoprs]-[\w-]{10,}|A[KS]IA[A-Z0-9]{16}|AIza[\w-]{30,}|hf_\w{20,}|ya29\.[\w-]{20,}|\d{8,10}:AA[\w-]{30,}|hooks\.slack\.com\/services\/[\w/]{20,}|npm_\w{30,}|eyJ[\w-]{8,512}\.[\w-]{8,}\.[\w-]*)/g;
const PRIVATE_KEYS =
  /-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]{0,30}PRIVATE KEY-----|$)/g;
/** What stands after a word that announces a secret: the word stays, as it tells what went wrong. */
const ANNOUNCED =
  /\b(bearer|basic)( +)[\w.~+/=-]{8,}|((?:api[_-]?key|token|secret|passw(?:or)?d|authorization)["']?\s{0,4}[:=]\s{0,4}["']?)(?!bearer|basic)[^\s"',;}[]{6,}/gi;
const URL_CREDENTIALS = /(:\/\/)[^\s/@:]*(?::[^\s/@]*)?@/g;

/**
 * `text` without obvious keys, tokens and passwords. Total, and a safety net only: what it does not know, it keeps.
 * Meant for short texts (a status, a cut content): callers cut before, so that its cost is bounded.
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
