import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';

/** The viewer as `npm run build` bundles it: what every page carries inside. */
export interface Assets {
  readonly script: string;
  readonly style: string;
}

/** From `src/html` and from `dist/html` alike, the bundles lie two folders up, in `dist`. */
const DIST = new URL('../../dist/', import.meta.url);

/** Throws when the package was never built: the pages cannot be written then. */
export async function loadAssets(): Promise<Assets> {
  const [script, style] = await Promise.all([
    readFile(new URL('viewer.js', DIST), 'utf8'),
    readFile(new URL('viewer.css', DIST), 'utf8'),
  ]);
  return { script, style };
}

/** The source expression of a Content-Security-Policy that allows exactly this text, inline. */
export function sourceHash(text: string): string {
  return `'sha256-${createHash('sha256').update(text, 'utf8').digest('base64')}'`;
}
