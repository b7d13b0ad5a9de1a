/**
 * Bundles the program and the library, which `tsc` has compiled into `build/`, into `dist/`: what is loaded on demand stays
 * apart, the rest is a few files. Loading four hundred small ones took longer than a small replay. Names are not
 * shortened, so that a stack trace says what it passed.
 */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, transform } from 'esbuild';
import { copyTypes } from './library-types.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const [from, to] = [join(root, 'build'), join(root, 'dist')];

/** For bundled packages of the old module system, which load modules of Node with it. */
const REQUIRE = `import { createRequire } from 'node:module';\nconst require = createRequire(import.meta.url);\n`;

/**
 * Packages of OpenTelemetry with a copy in the bundle of the little that writes metric points. As packages, which exporters and types
 * need them to be, they are two hundred files.
 */
const COPIED = new Set(
  ['api', 'otlp-transformer', 'resources', 'sdk-metrics'].map((name) => `@opentelemetry/${name}`),
);

/** What no cost depends on, in the table of prices: also prices of what is no text. */
const NOT_PRICES =
  /^(name|description|pricing_urls|price_comments|extractors|context_window|deprecated)$|(audio|image|video|_document)_|_hours$|_1h_|searches_/;

await rm(to, { recursive: true, force: true });
const { dependencies, peerDependencies } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
const { metafile, outputFiles } = await build({
  write: false,
  absWorkingDir: root,
  entryPoints: ['build/index.js', 'build/cli/main.js', 'build/cli/record.js'],
  outbase: 'build',
  outdir: 'dist',
  // Two folders down, as in `src`: files of the package are found by paths that hold for both.
  chunkNames: 'chunks/[name]-[hash]',
  bundle: true,
  splitting: true,
  metafile: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  // What users install beside the program is theirs, also where it is here.
  external: Object.keys({ ...dependencies, ...peerDependencies }).filter((name) => !COPIED.has(name)),
  mainFields: ['module', 'main'],
  plugins: [{ name: 'packages', setup: leaveOutAndShorten }],
  legalComments: 'none',
  // The names stay, which is what stack traces are made of.
  minifyWhitespace: true,
  minifySyntax: true,
  logLevel: 'warning',
});
refuseLazyCommonJs(metafile.inputs);
for (const { path, text } of outputFiles) {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, /\bvar __require=\(?x=>/.test(text) ? REQUIRE + text : text);
}
await writeFile(join(to, 'third-party-licences.txt'), await licences(Object.keys(metafile.inputs)));
await copyTypes(from, to);

/** Left out: the log of the proxy agents, which nothing here uses. */
function leaveOutAndShorten({ onLoad }) {
  onLoad({ filter: /node_modules\/debug\/src\/index\.js$/ }, () => ({
    contents: 'module.exports = () => () => {};',
  }));
  const changed = (filter, change) =>
    onLoad({ filter }, async ({ path }) => {
      const source = change(await readFile(path, 'utf8'));
      // Names within other people's packages are shortened too: a fifth of the bundle is theirs.
      return { contents: (await transform(source, { minify: true, legalComments: 'none' })).code };
    });
  changed(/genai-prices\/.*\.js$/, pricesAsJson);
  changed(/(string-width|wrap-ansi)\/index\.js$/, withLazyUnicode);
  changed(/node_modules\/.*\.m?js$/, (source) => source);
}

/** What knows Unicode is made when it is first needed: few texts need it, and it takes 20 ms. */
function withLazyUnicode(source) {
  const names = [];
  const constants = /^const (\w+) = (\/.*\\p\{.*|new Intl\.Segmenter\(\));$/gm;
  const made = source.replace(constants, (_, name, value) => {
    names.push(name);
    return `let $${name}; function ${name}() { return ($${name} ??= ${value}); }`;
  });
  return made.replace(new RegExp(`\\b(${names.join('|')})(?=[.)])`, 'g'), '$1()');
}

/**
 * The table of prices as JSON: 2 ms of the start instead of 30. It is the first list in the file. Its keys need no rules of a language,
 * of which the first use takes 6 ms.
 */
function pricesAsJson(source) {
  const [start, end] = [source.indexOf('['), source.indexOf('\n]') + 2];
  const table = Function(`return ${source.slice(start, end)}`)();
  // Most models are those with just this name.
  for (const model of table.flatMap(({ models }) => models))
    if (model.match.equals === model.id) delete model.match;
  const json = JSON.stringify(table, (key, value) => (NOT_PRICES.test(key) ? undefined : value));
  const whole = `.map((p) => ({ ...p, models: p.models.map((m) => ({ match: { equals: m.id }, ...m })) }))`;
  const code = source
    .slice(end)
    .replace(/([\w.]+)\.localeCompare\(([\w.]+)\)/g, '(Number($1 > $2) - Number($1 < $2))');
  return `${source.slice(0, start)}JSON.parse(${JSON.stringify(json)})${whole}${code}`;
}

/** A package of the old module system that is imported on demand has only a default export in a bundle, unlike in Node. */
function refuseLazyCommonJs(inputs) {
  for (const [file, { imports }] of Object.entries(inputs))
    for (const { path, kind } of imports)
      if (kind === 'dynamic-import' && inputs[path]?.format === 'cjs')
        throw new Error(
          `${file} imports ${path} on demand: import it statically in a file that is imported on demand`,
        );
}

/** The licences of what is bundled, which ask to be passed on, each text once. Throws for a package without one. */
async function licences(inputs) {
  const folders = inputs.flatMap((path) => /^(?:.*node_modules\/)(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? []);
  const names = new Map();
  for (const folder of [...new Set(folders)].sort()) {
    const file = (await readdir(join(root, folder))).find((name) => /^licen[sc]e/i.test(name));
    const text = file === undefined ? undefined : await readFile(join(root, folder, file), 'utf8');
    const { name, version, license } = JSON.parse(await readFile(join(root, folder, 'package.json'), 'utf8'));
    if (text === undefined && license === undefined) throw new Error(`${folder} has no licence`);
    const whole = (text ?? `Licence: ${license}`).trim();
    names.set(whole, [...(names.get(whole) ?? []), `${name} ${version}`]);
  }
  return [...names].map(([text, of]) => `${of.join('\n')}\n\n${text}\n`).join(`\n${'-'.repeat(80)}\n\n`);
}
