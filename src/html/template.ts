import { type Assets, sourceHash } from './assets.ts';
import { htmlText, scriptJson } from './escape.ts';
import { type About, type Block, ELEMENT, type End } from './format.ts';

/**
 * The page around the data. Nothing in it may load, call or run anything that is not in the file: the policy names
 * the viewer's script and style by their hashes, and allows no connection, no form, no frame and no inline handler.
 */
export function pageStart(about: About, assets: Assets): string {
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

export function pageBlock(block: Block): string {
  return dataScript(ELEMENT.block, block);
}

export function pageEnd(end: End): string {
  return `${dataScript(ELEMENT.end, end)}</body>\n</html>\n`;
}

/** A data block: browsers neither run it nor ask the policy about it. */
function dataScript(name: string, value: unknown): string {
  return `<script type="application/json" data-part="${name}">${scriptJson(value)}</script>\n`;
}
