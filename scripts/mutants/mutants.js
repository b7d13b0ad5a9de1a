/**
 * Tests of the tests: changes one operator at a time in the pure stages and runs the suites of these stages, which must fail.
 *
 *   npm run test:mutants -- [--count 90] [--seed 1] [--only src/reconstruct/step.ts[:LINE]]
 *
 * Which mutants a seed takes follows from the text of their lines, so edits elsewhere do not change the sample. Sources and
 * suites are read once, so the working tree may change meanwhile. Prints each mutant with the test that killed it and a table at
 * the end; exits 1 when fewer than 90 % were killed. A mutant that changes nothing that can be observed is listed with its
 * reason in `equivalent.json`, and does not count. Takes a second for most mutants and half a minute for a survivor, so it runs
 * by hand and not in CI.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { setPriority, tmpdir } from 'node:os';
import { basename, join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { build, transformSync } from 'esbuild';
import { markdownTable } from 'markdown-table';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const STAGES = ['parse', 'reconstruct', 'conventions'];
/** Suites that take long. They run when the others did not fail. */
const SLOW = /laws|recordings|gateway|fuzz/;

/** Operator → what it becomes. */
const SWAPS = new Map([
  ['===', '!=='],
  ['!==', '==='],
  ['<', '<='],
  ['<=', '<'],
  ['>', '>='],
  ['>=', '>'],
  ['&&', '||'],
  ['||', '&&'],
  ['+', '-'],
  ['-', '+'],
  ['*', '/'],
  ['/', '*'],
  ['%', '*'],
  ['+=', '-='],
  ['??', '&&'],
  ['??=', '&&='],
  ['++', '--'],
  ['--', '++'],
]);

/** The formatter puts a space on both sides of an operator, and none around the brackets of a type. */
const OPERATOR = /(?<= )(===|!==|<=|>=|<|>|&&|\|\||\?\?=|\?\?|\+=|[-+*/%])(?= )|\+\+|--|!(?=[\w(])/g;
const COMMENT_OR_TEXT =
  /\/\*[\s\S]*?\*\/|\/\/.*|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`|\/(?![*/ ])(?:\\.|[^/\\\n])+\/[gimsuy]*/g;

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '90' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string', default: '' },
  },
});

const SUITES = STAGES.flatMap((stage) =>
  readdirSync(join(ROOT, 'test', stage))
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => `test/${stage}/${file}`),
);
/** By path from the root. */
const texts = new Map();
const all = STAGES.flatMap((stage) =>
  readdirSync(join(ROOT, 'src', stage)).map((name) => `src/${stage}/${name}`),
)
  .flatMap(mutantsOf)
  .toSorted((a, b) => (a.rank < b.rank ? -1 : 1));
/** Survivors that no test can kill: the file, the line as it is and as it becomes, and the reason. */
const EQUIVALENT = JSON.parse(readFileSync(new URL('equivalent.json', import.meta.url), 'utf8'));
for (const known of EQUIVALENT) {
  if (!all.some((mutant) => isSame(mutant, known)))
    process.stderr.write(`equivalent.json: no such mutant in ${known.file}: ${known.becomes}\n`);
}

/** The suite that killed the last mutant of a file. */
const killers = new Map();

const { only } = values;
const isChosen = ({ file, line }) =>
  only.includes(':') ? `${file}:${line}` === only : file.startsWith(only);
const chosen = [];
for (const mutant of all.filter(isChosen)) {
  if (chosen.length === Number(values.count)) break;
  if (isCode(mutant)) chosen.push(mutant);
}
const counts = Object.fromEntries(STAGES.map((stage) => [stage, { killed: 0, survived: 0, equivalent: 0 }]));
const folder = mkdtempSync(join(tmpdir(), 'hermes-otel-mutants-'));
setPriority(10);
try {
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  const whole = await runSuites(SUITES, undefined, 600);
  if (whole.seconds === undefined) throw new Error(`A test fails without a mutant: ${whole.name}`);
  // A mutant whose tests never end is killed, too.
  const mostSeconds = Math.ceil(5 + 2 * whole.seconds);
  for (const [index, mutant] of chosen.entries()) {
    const isKnown = EQUIVALENT.some((known) => isSame(mutant, known));
    const killer = isKnown ? undefined : await killerOf(mutant, mostSeconds);
    const verdict = isKnown ? 'equivalent' : killer === undefined ? 'survived' : 'killed';
    counts[mutant.stage][verdict]++;
    const place = `${mutant.file}:${mutant.line}`;
    process.stdout.write(
      `${index + 1}/${chosen.length} ${verdict} ${place}\n  - ${mutant.is}\n  + ${mutant.becomes}\n${killer ? `  ${killer}\n` : ''}`,
    );
  }
} finally {
  rmSync(folder, { recursive: true });
}

const sum = { killed: 0, survived: 0, equivalent: 0 };
for (const count of Object.values(counts)) for (const key of Object.keys(sum)) sum[key] += count[key];
const table = markdownTable(
  [
    ['stage', 'mutants', 'killed', 'survived', 'equivalent', '% killed'],
    ...Object.entries(counts).map(([stage, count]) => [`src/${stage}`, ...figures(count)]),
    [`all, of ${all.length}`, ...figures(sum)],
  ],
  { align: ['l', 'r', 'r', 'r', 'r', 'r'] },
);
process.stdout.write(`\nSeed ${values.seed}.\n\n${table}\n`);
if (sum.killed < 0.9 * (sum.killed + sum.survived)) process.exitCode = 1;

function figures({ killed, survived, equivalent }) {
  const percent = killed + survived === 0 ? '' : ((100 * killed) / (killed + survived)).toFixed(1);
  return [killed + survived + equivalent, killed, survived, equivalent, percent].map(String);
}

/** The first test that fails with the mutant in place; `undefined` when all suites pass. */
async function killerOf(mutant, mostSeconds) {
  const suites = suitesFor(mutant);
  const { seconds, suite, name } = await runSuites(suites, mutant, mostSeconds);
  if (suite !== undefined) killers.set(mutant.file, suites[suite]);
  return seconds === undefined ? name : undefined;
}

/** Suites of all stages: those that are likely to fail soon come first. */
function suitesFor({ file, stage }) {
  const cost = (path) => {
    if (path === killers.get(file)) return -1;
    return (SLOW.test(path) ? 2 : 0) + (path.startsWith(`test/${stage}/`) ? 0 : 1);
  };
  return SUITES.toSorted((a, b) => cost(a) - cost(b));
}

/** What `run-suites.js` prints, with the mutant in place. */
async function runSuites(suites, mutant, mostSeconds) {
  const outdir = join(folder, 'suites');
  rmSync(outdir, { recursive: true, force: true });
  await build({
    entryPoints: [join(ROOT, 'scripts/mutants/run-suites.js'), ...suites.map((suite) => join(ROOT, suite))],
    outdir,
    outbase: ROOT,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    alias: { '@jest/globals': join(ROOT, 'scripts/mutants/test-api.js') },
    plugins: [sourcesWith(mutant)],
    logLevel: 'silent',
  });
  const runner = join(outdir, 'scripts/mutants/run-suites.js');
  const paths = suites.map((suite) => join(outdir, suite.replace('.ts', '.js')));
  const limited = `ulimit -t ${mostSeconds}; exec "$0" "$@"`;
  const { status, signal, stdout } = spawnSync(
    'sh',
    ['-c', limited, process.execPath, '--max-old-space-size=1024', runner, ...paths],
    {
      cwd: ROOT,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { ...process.env, LAW_RUNS: '20' },
    },
  );
  return stdout === '' ? { name: `(ended by ${signal ?? `exit code ${status}`})` } : JSON.parse(stdout);
}

/** An esbuild plugin: every source as it was first read, at its own place, with the mutant in its file. */
function sourcesWith(mutant) {
  return {
    name: 'mutant',
    setup(builder) {
      builder.onLoad({ filter: /\.ts$/ }, ({ path }) => {
        const contents = mutated(relative(ROOT, path), mutant);
        // In a bundle `import.meta.url` is that of the bundle.
        const url = JSON.stringify(pathToFileURL(path).href);
        return { contents: contents.replaceAll('import.meta.url', url), loader: 'ts' };
      });
    },
  };
}

/** False for `a && b ?? c`, which is no JavaScript. */
function isCode(mutant) {
  try {
    transformSync(mutated(mutant.file, mutant), { loader: 'ts' });
    return true;
  } catch {
    return false;
  }
}

function mutated(file, mutant) {
  const text = textOf(file);
  return mutant?.file === file ? text.slice(0, mutant.start) + mutant.to + text.slice(mutant.end) : text;
}

function textOf(file) {
  const known = texts.get(file);
  if (known !== undefined) return known;
  const text = readFileSync(join(ROOT, file), 'utf8');
  texts.set(file, text);
  return text;
}

/** Every operator of the file that can be swapped, and every `!` that can go. */
function mutantsOf(file) {
  const text = textOf(file);
  // No space takes the place of a text, as the bracket of a type may stand behind it.
  const code = text.replace(COMMENT_OR_TEXT, (part) => part.replaceAll(/[^\n]/g, '_'));
  const seen = new Map();
  return Array.from(code.matchAll(OPERATOR), ({ 0: from, index: start }) => {
    const end = start + from.length;
    const to = SWAPS.get(from) ?? '';
    const lineStart = text.lastIndexOf('\n', start) + 1;
    const lineEnd = text.indexOf('\n', end);
    const is = text.slice(lineStart, lineEnd).trim();
    const becomes = (text.slice(lineStart, start) + to + text.slice(end, lineEnd)).trim();
    const key = JSON.stringify([basename(file), is, becomes]);
    const nth = seen.get(key) ?? 0;
    seen.set(key, nth + 1);
    const line = text.slice(0, start).split('\n').length;
    const rank = createHash('sha256').update(`${values.seed} ${key} ${nth}`).digest('hex');
    return { file, stage: file.split('/')[1], line, is, becomes, start, end, to, rank };
  });
}

function isSame(mutant, known) {
  return mutant.file === known.file && mutant.is === known.is && mutant.becomes === known.becomes;
}
