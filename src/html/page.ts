import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { AttributeValue, Resource } from '../model/otel.ts';
import type { FinishedSpan } from '../model/sink.ts';
import { createEncoder, encodeBlock } from './encode.ts';
import { type About, type Block, ELEMENT, type End } from './format.ts';

/**
 * Finished spans → the text of one HTML file that shows them without a network or a server. The same spans in the same
 * order give the same bytes.
 */
export interface PageOptions {
  /** The page's title, such as the name of the log. */
  readonly title: string;
  /** Name and version of the program: `hermes-otel 1.2.3`. */
  readonly generator: string;
  readonly resource: Resource;
  /** False: what was said stands in attributes only. Default true. */
  readonly conversation?: boolean;
}

/** The number of spans that are held and then written together. */
const SPANS_PER_BLOCK = 4096;

/** The text in pieces. Memory holds one block of spans and the table of strings, not the page. */
export async function* htmlPage(
  spans: AsyncIterable<FinishedSpan> | Iterable<FinishedSpan>,
  options: PageOptions,
): AsyncGenerator<string, void, undefined> {
  const encoder = createEncoder(options.conversation ?? true);
  let waiting: FinishedSpan[] = [];
  let made = 0;
  yield pageStart(aboutOf(options), await loadAssets());
  for await (const span of spans) {
    made += 1;
    waiting.push(span);
    if (waiting.length < SPANS_PER_BLOCK) continue;
    yield dataScript(ELEMENT.block, encodeBlock(encoder, waiting));
    waiting = [];
  }
  if (waiting.length > 0) yield dataScript(ELEMENT.block, encodeBlock(encoder, waiting));
  yield `${dataScript(ELEMENT.end, { spans: made })}</body>\n</html>\n`;
}

function aboutOf({ title, generator, resource }: PageOptions): About {
  const texts = Object.entries(resource.attributes).map(([key, value]) => [key, textOf(value)] as const);
  return { title, generator, resource: texts };
}

function textOf(value: AttributeValue): string {
  if (typeof value !== 'object') return String(value);
  return 'double' in value ? String(value.double) : value.join(', ');
}

/**
 * The beginning of the page. Its policy allows only the viewer's script and style, by their hashes: no connection, no
 * form, no frame and no inline handler.
 */
function pageStart(about: About, assets: Assets): string {
  const policy = [
    "default-src 'none'",
    `script-src ${sourceHash(assets.script)}`,
    `style-src ${sourceHash(assets.style)}`,
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${htmlText(about.title)}</title>
<link rel="icon" href="data:,">
<style>${assets.style}</style>
<script type="module">${assets.script}</script>
</head>
<body>
<div id="${ELEMENT.root}"><p class="boot">Reading spans…</p></div>
<noscript><p class="boot">The spans are in this file, but showing them needs JavaScript (it stays in the file: no network).</p></noscript>
${dataScript(ELEMENT.about, about)}`;
}

/** A data block. Browsers do not run it, and the policy does not apply to it. */
function dataScript(name: string, value: About | Block | End): string {
  return `<script type="application/json" data-part="${name}">${scriptJson(value)}</script>\n`;
}

/**
 * JSON that is safe inside a `<script>` element: without `<` it cannot contain an end tag or a comment. JSON itself
 * escapes line ends, NUL and lone surrogates.
 */
export function scriptJson(value: unknown): string {
  return JSON.stringify(value).replaceAll('<', '\\u003c');
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text for the content of an element or a quoted attribute. */
export function htmlText(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}

/** The viewer as bundled by `npm run build`. Every page contains it. */
interface Assets {
  readonly script: string;
  readonly style: string;
}

/** The folder of the bundles, both from `src/html` and from `dist/html`. */
const DIST = new URL('../../dist/', import.meta.url);

/** Throws when the package was not built. */
async function loadAssets(): Promise<Assets> {
  const [script, style] = await Promise.all([
    readFile(new URL('viewer.js', DIST), 'utf8'),
    readFile(new URL('viewer.css', DIST), 'utf8'),
  ]);
  return { script, style };
}

/** The source expression of a Content-Security-Policy that allows this inline text. */
function sourceHash(text: string): string {
  return `'sha256-${createHash('sha256').update(text, 'utf8').digest('base64')}'`;
}
