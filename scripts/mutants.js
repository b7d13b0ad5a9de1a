/**
 * Tests of the tests: changes one operator at a time in the pure stages and runs their tests, which must fail.
 *
 *   npm run test:mutants -- [--count 90] [--seed 1] [--only src/reconstruct]
 *
 * Works on a copy in a temporary folder. Prints each survivor as a diff line; exits 1 when fewer than 90 % were killed. Takes
 * ten seconds for most mutants and a minute for a survivor, so it runs by hand and not in CI.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const STAGES = ['src/parse', 'src/reconstruct', 'src/conventions'];
const TESTS = ['test/parse', 'test/reconstruct', 'test/conventions', 'test/golden.test.ts'];
/** Tests that take long: they run when the others of the stage did not fail. */
const SLOW = 'laws|recordings|fuzz';
const COPIED = [
  'src',
  'test',
  'fixtures',
  'docs',
  'scripts',
  'bin',
  'package.json',
  'jest.config.js',
  'tsconfig.json',
];

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
  ['??', '&&'],
  ['++', '--'],
  ['--', '++'],
]);

/** The formatter puts a space on both sides of an operator, and none around the brackets of a type. */
const OPERATOR = /(?<= )(===|!==|<=|>=|<|>|&&|\|\||\?\?|\+|-)(?= )|\+\+|--|!(?=[\w(])/g;
const COMMENT_OR_TEXT =
  /\/\*[\s\S]*?\*\/|\/\/.*|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`|\/(?![*/ ])(?:\\.|[^/\\\n])+\/[gimsuy]*/g;

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '90' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string', default: '' },
  },
});

const mutants = pick(filesOf().flatMap(mutantsOf), Number(values.count), Number(values.seed));
const copy = mkdtempSync(join(tmpdir(), 'hermes-otel-mutants-'));
let survived = 0;
try {
  for (const name of COPIED) cpSync(join(ROOT, name), join(copy, name), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
  if (!passes(...TESTS)) throw new Error('The tests fail without a mutant.');
  for (const [index, mutant] of mutants.entries()) {
    const file = join(copy, mutant.file);
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, text.slice(0, mutant.start) + mutant.to + text.slice(mutant.end));
    const own = mutant.file.replace(/^src\/(\w+)\/.*/, 'test/$1');
    const alive = passes(own, `--testPathIgnorePatterns=${SLOW}`) && passes(...TESTS);
    writeFileSync(file, text);
    if (alive) survived++;
    const line = text.slice(0, mutant.start).split('\n').length;
    const shown = text.split('\n')[line - 1]?.trim();
    const verdict = alive ? 'SURVIVED' : 'killed';
    process.stdout.write(
      `${index + 1}/${mutants.length} ${verdict} ${mutant.file}:${line} ${mutant.from} → ${mutant.to || '(nothing)'}   ${shown}\n`,
    );
  }
} finally {
  rmSync(copy, { recursive: true });
}
const killed = mutants.length - survived;
process.stdout.write(`${killed} of ${mutants.length} killed\n`);
if (killed < 0.9 * mutants.length) process.exitCode = 1;

function passes(...tests) {
  const jest = join(copy, 'node_modules/jest/bin/jest.js');
  const flags = ['--selectProjects', 'fast', '--watchman=false', '--bail', '--silent', ...tests];
  const { status } = spawnSync(process.execPath, ['--experimental-vm-modules', jest, ...flags], {
    cwd: copy,
    stdio: 'ignore',
    env: { ...process.env, LAW_RUNS: '30' },
    timeout: 600_000,
  });
  return status === 0;
}

function filesOf() {
  const all = STAGES.flatMap((stage) => readdirSync(join(ROOT, stage)).map((name) => `${stage}/${name}`));
  return all.filter((file) => file.startsWith(values.only));
}

/** Every operator of the file that can be swapped, and every `!` that can go. */
function mutantsOf(file) {
  const code = readFileSync(join(ROOT, file), 'utf8').replace(COMMENT_OR_TEXT, (text) =>
    ' '.repeat(text.length),
  );
  return Array.from(code.matchAll(OPERATOR), ({ 0: from, index }) => ({
    file,
    start: index,
    end: index + from.length,
    from,
    to: SWAPS.get(from) ?? '',
  }));
}

/** `count` of them in an order that follows from the seed. */
function pick(all, count, seed) {
  let state = seed >>> 0 || 1;
  const random = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  return all
    .map((mutant) => ({ mutant, rank: random() }))
    .sort((a, b) => a.rank - b.rank)
    .slice(0, count)
    .map(({ mutant }) => mutant);
}
