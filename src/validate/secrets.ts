/** A probable key, token or password in a text, found by its issuer's form or by the name before it. */
export interface Secret {
  readonly kind: SecretKind;
  /** Index of its first character. */
  readonly start: number;
  /** Index after its last character. */
  readonly end: number;
}

export type SecretKind = keyof typeof ISSUED | keyof typeof ANNOUNCED;

/** Forms of issuers. All repetitions are bounded, so that no text makes the search slow. */
const ISSUED = {
  'model provider key': /(?<![\w-])sk-(?=[\w-]{0,60}\d)[\w-]{20,200}/g,
  'GitHub token': /\b(?:gh[oprsu]_[A-Za-z0-9]{36,255}|github_pat_\w{22,255})/g,
  'GitLab token': /\bglpat-[\w-]{20,64}/g,
  'AWS access key': /\bA(?:KI|SI)A[A-Z0-9]{16}\b/g,
  'Google key': /\b(?:AIza[\w-]{35}|ya29\.[\w-]{20,500})/g,
  'Slack token': /\bxox[abeoprs]-[\w-]{10,250}|\bhooks\.slack\.com\/services\/[\w/]{20,120}/g,
  'Stripe key': /\b[rs]k_(?:live|test)_[A-Za-z0-9]{16,250}/g,
  'npm token': /\bnpm_[A-Za-z0-9]{36}\b/g,
  'Hugging Face token': /\bhf_[A-Za-z0-9]{30,60}\b/g,
  'Telegram bot token': /\b\d{8,10}:AA[\w-]{33}\b/g,
  'JSON web token': /\beyJ[\w-]{10,2000}\.eyJ[\w-]{10,4000}\.[\w-]{10,1000}/g,
  'private key': /-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----/g,
} as const;

/** Matches wherever one of `ISSUED` can match. Nearly every text has none, and one search is cheaper than twelve. */
const HINT =
  /sk-|gh[oprsu]_|github_pat_|glpat-|A[KS]IA|AIza|ya29\.|xox[abeoprs]-|hooks\.slack|k_live_|k_test_|npm_|hf_|:AA|eyJ|PRIVATE KEY/;

/** Secrets after a name or scheme; the secret is the group. It has a digit, unlike words of code and prose. */
const ANNOUNCED = {
  'password in a URL': /:\/\/[^\s/:@"']{0,100}:([^\s/@"'\\]{3,200})(?=@)/g,
  'authorization header': /\b(?:bearer|basic) {1,4}(?=[\w.~+/-]{0,200}\d)([\w.~+/-]{16,2000}={0,2})/gi,
  // `"api_key": "…"`, `API_KEY=…`, and the same inside a JSON string, where the quotes are escaped.
  'value named as a secret':
    /(?:api[_-]?key|access[_-]?key|secret[_-]?key|client[_-]?secret|(?:access|auth|refresh|bot)[_-]?token|passw(?:or)?d)\\?["']?\s{0,4}[:=]\s{0,4}\\?["']?(?=[^\s"'\\<>,;&{}[\]()]{0,200}\d)([^\s"'\\<>,;&{}[\]()]{8,500})/gi,
} as const;

type Form = readonly [SecretKind, RegExp];
const ANNOUNCED_FORMS = Object.entries(ANNOUNCED) as readonly Form[];
const ALL_FORMS = [...(Object.entries(ISSUED) as readonly Form[]), ...ANNOUNCED_FORMS];

/** All secrets in `text`, in order. Of overlapping ones the first counts, then the longest. Unknown forms are not found. */
export function findSecrets(text: string): readonly Secret[] {
  const forms = HINT.test(text) ? ALL_FORMS : ANNOUNCED_FORMS;
  const found = forms.flatMap(([kind, form]) =>
    Array.from(text.matchAll(form), (match) => secretIn(kind, match)),
  );
  found.sort((a, b) => a.start - b.start || b.end - a.end);
  let covered = 0;
  return found.filter(({ start, end }) => {
    if (start < covered) return false;
    covered = end;
    return true;
  });
}

function secretIn(kind: SecretKind, match: RegExpMatchArray): Secret {
  const end = (match.index ?? 0) + match[0].length;
  return { kind, start: end - (match[1] ?? match[0]).length, end };
}
