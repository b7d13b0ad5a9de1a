import { readFile } from 'node:fs/promises';
import { build } from 'esbuild';

/**
 * Bundles the viewer into `dist/viewer.js` and `dist/viewer.css`, which every page carries inside. The licences of
 * what is bundled ask to be passed on, so they stand at the head of the script.
 */
const root = new URL('../../', import.meta.url);
const inRoot = (/** @type {string} */ path) => new URL(path, root).pathname;

const BUNDLED = ['preact', '@preact/signals', '@preact/signals-core', 'd3-array', 'lucide'];

const { metafile } = await build({
  entryPoints: [
    { in: inRoot('src/viewer/main.tsx'), out: 'viewer' },
    { in: inRoot('src/viewer/style/main.css'), out: 'viewer' },
  ],
  outdir: inRoot('dist'),
  bundle: true,
  minify: true,
  metafile: true,
  format: 'esm',
  target: ['es2022', 'chrome111', 'firefox113', 'safari16.4'],
  charset: 'utf8',
  legalComments: 'none',
  jsx: 'automatic',
  jsxImportSource: 'preact',
  banner: { js: await licences() },
  logLevel: 'warning',
});

refuseUnlisted(Object.keys(metafile.inputs));

async function licences() {
  const texts = await Promise.all(
    BUNDLED.map(async (name) => {
      const text = await readFile(inRoot(`node_modules/${name}/LICENSE`), 'utf8');
      return `${name}\n${text.trim()}`;
    }),
  );
  return `/*!\n${texts.join('\n\n').replaceAll('*/', '* /')}\n*/`;
}

/** A library that comes along unseen would come without its licence. */
function refuseUnlisted(/** @type {string[]} */ inputs) {
  const packages = inputs.flatMap((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? []);
  const unlisted = [...new Set(packages)].filter((name) => !BUNDLED.includes(name));
  if (unlisted.length > 0) throw new Error(`Bundled without its licence: ${unlisted.join(', ')}`);
}
