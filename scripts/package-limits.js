/**
 * Holds the package to its limits: the size of the tarball, the number of packages that an installation brings, and what the tarball must
 * have. docs/install.md lists the packages. Prints the figures; exit code 1 when something is not as it should be.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const MOST_BYTES = 600_000;
const MOST_PACKAGES = 30;

const npm = (...words) =>
  execFileSync('npm', words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
const problems = [];
const expectThat = (holds, problem) => holds || problems.push(problem);

const [tarball] = JSON.parse(npm('pack', '--dry-run', '--json', '--ignore-scripts'));
const files = new Set(tarball.files.map(({ path }) => path));
expectThat(
  tarball.size <= MOST_BYTES,
  `The tarball has ${tarball.size} bytes, which is more than ${MOST_BYTES}.`,
);

// What README.md links to or shows must be in the tarball, as its page in a registry is read without the repository.
const readme = readFileSync('README.md', 'utf8');
for (const [, path] of readme.matchAll(/\]\((?!https?:)([^)#\s]+)/g))
  expectThat(files.has(path), `README.md links to ${path}, which is not in the tarball.`);
for (const path of ['bin/hermes-otel.js', 'dist/index.js', 'dist/index.d.ts', 'dist/viewer.js', 'LICENSE'])
  expectThat(files.has(path), `${path} is not in the tarball.`);
for (const path of files)
  expectThat(
    !/\.(tsbuildinfo|map|tgz)$|^(test|fixtures)\//.test(path),
    `${path} should not be in the tarball.`,
  );

// The packages beside it, below it too.
const installed = npm('ls', '--omit=dev', '--all', '--parseable')
  .trim()
  .split('\n')
  .map((path) => path.split(/[\\/]node_modules[\\/]/).at(-1))
  .slice(1)
  .sort();
expectThat(
  installed.length + 1 <= MOST_PACKAGES,
  `An installation has ${installed.length + 1} packages, which is more than ${MOST_PACKAGES}.`,
);
const [, table = ''] = readFileSync('docs/install.md', 'utf8').split('## What is installed');
const listed = [...table.split('\n## ')[0].matchAll(/^\| `([^`]+)`(?:, `([^`]+)`)*/gm)].flatMap(([row]) =>
  [...row.matchAll(/`([^`]+)`/g)].map(([, name]) => name),
);
for (const name of installed)
  expectThat(listed.includes(name), `docs/install.md does not list the package ${name}.`);
for (const name of listed)
  expectThat(installed.includes(name), `docs/install.md lists ${name}, which is not installed.`);

process.stdout.write(
  `tarball: ${tarball.size} bytes, ${files.size} files; an installation: ${installed.length + 1} packages\n`,
);
for (const problem of problems) process.stderr.write(`${problem}\n`);
process.exitCode = problems.length > 0 ? 1 : 0;
