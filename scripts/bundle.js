/**
 * Bundles the program and the library, which `tsc` has compiled into `build/`, into `dist/`: what is loaded on demand stays
 * apart, the rest is a few files. Loading four hundred small ones took longer than a small replay. Names are not
 * shortened, so that a stack trace says what it passed.
 */
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, transform } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const [from, to] = [join(root, 'build'), join(root, 'dist')];

/** For bundled packages of the old module system, which load modules of Node with it. */
const REQUIRE = `import { createRequire } from 'node:module';\nconst require = createRequire(import.meta.url);\n`;

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
  external: Object.keys({ ...dependencies, ...peerDependencies }),
  inject: ['scripts/lazy-segmenter.js'],
  define: { 'Intl.Segmenter': 'LazySegmenter' },
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
await copyTypes(join(from, 'index.d.ts'));

/** The form of sketches for the network, which would bring protobufjs with it, and which nothing here uses. */
function leaveOutAndShorten({ onLoad }) {
  onLoad({ filter: /sketches-js\/.*\/compiled\.js$/ }, () => ({ contents: '' }));
  // Names within other people's packages are shortened too: a fifth of the bundle is theirs.
  onLoad({ filter: /node_modules\/.*\.js$/ }, async ({ path }) => ({
    contents: (await transform(await readFile(path, 'utf8'), { minify: true, legalComments: 'none' })).code,
  }));
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

/** The licences of what is bundled, which ask to be passed on. Throws for a package without one. */
async function licences(inputs) {
  const folders = inputs.flatMap((path) => /^(?:.*node_modules\/)(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? []);
  const texts = [...new Set(folders)].sort().map(async (folder) => {
    const file = (await readdir(join(root, folder))).find((name) => /^licen[sc]e/i.test(name));
    const text = file === undefined ? undefined : await readFile(join(root, folder, file), 'utf8');
    const { name, version, license } = JSON.parse(await readFile(join(root, folder, 'package.json'), 'utf8'));
    if (text === undefined && license === undefined) throw new Error(`${folder} has no licence`);
    return `${name} ${version}\n\n${(text ?? `Licence: ${license}`).trim()}\n`;
  });
  return (await Promise.all(texts)).join(`\n${'-'.repeat(80)}\n\n`);
}

/** Copies the declarations of the library: `file`, and those that it imports. */
async function copyTypes(file, copied = new Set()) {
  if (copied.has(file)) return;
  copied.add(file);
  const copy = join(to, relative(from, file));
  await mkdir(dirname(copy), { recursive: true });
  await copyFile(file, copy);
  for (const [, path] of (await readFile(file, 'utf8')).matchAll(/(?:from |import\()'(\.[^']+)\.[jt]s'/g))
    await copyTypes(join(dirname(file), `${path}.d.ts`), copied);
}
