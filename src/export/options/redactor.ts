/** Shorter texts are no secrets worth the name, and would be found in every word. */
const SHORTEST_SECRET = 4;

/**
 * Takes known secrets out of text from outside: a receiver may repeat the header that it did not like.
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
