/**
 * The declarations of the library: of all that `tsc` has declared, what `index.d.ts` exports, and what that refers to. The rest names
 * packages that users need not have, and would be a tenth of the package. Files stay apart, as in `src`.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';

/** Writes them from the folder `from` to the folder `to`. */
export async function copyTypes(from, to) {
  const files = new Map();
  await keepAll(files, join(from, 'index.d.ts'));
  for (const [path, { statements }] of files) {
    const copy = join(to, relative(from, path));
    await mkdir(dirname(copy), { recursive: true });
    await writeFile(copy, statements.flatMap(textOf).join(''));
  }
}

/** All exports of a file that only passes on those of others. */
async function keepAll(files, path) {
  const statements = statementsOf(await readFile(path, 'utf8'));
  files.set(path, { statements: statements.map((statement) => ({ ...statement, kept: true })) });
  for (const { names, from } of statements)
    for (const { name } of names) await keep(files, pathOf(path, from), name);
}

/** Keeps what `name` declares in a file, and what that names in turn. */
async function keep(files, path, name) {
  if (!files.has(path)) files.set(path, { statements: statementsOf(await readFile(path, 'utf8')) });
  for (const statement of files.get(path).statements) {
    if (statement.from !== undefined) await keepImport(files, path, statement, name);
    else if (statement.name === name && !statement.kept) {
      statement.kept = true;
      await keepNamed(files, path, statement.text.replace(/\/\*[\s\S]*?\*\//g, ''));
    }
  }
}

async function keepNamed(files, path, code) {
  for (const word of new Set(code.match(/\w+/g))) await keep(files, path, word);
  for (const [, from, name] of code.matchAll(/import\(["'](\.[^"']+)["']\)\.(\w+)/g))
    await keep(files, pathOf(path, from), name);
}

async function keepImport(files, path, { names, from }, name) {
  const found = names.find(({ as, kept }) => as === name && !kept);
  if (found === undefined) return;
  found.kept = true;
  if (from.startsWith('.')) await keep(files, pathOf(path, from), found.name);
}

function pathOf(path, from) {
  return join(dirname(path), from.replace(/\.[jt]s$/, '.d.ts'));
}

/** How a statement begins, with its comment. */
const START = String.raw`^(?:\/\*\*(?:(?!\*\/)[\s\S])*\*\/\n)?(?:import|export|declare|interface|type)\b`;
const STATEMENT = new RegExp(String.raw`${START}[\s\S]*?(?=${START}|(?![\s\S]))`, 'gm');

function statementsOf(text) {
  const parts = text.match(STATEMENT);
  return parts.map((part) => {
    const [, inner, from] =
      /^(?:import|export) (?:type )?(\{[^}]*\}|[^{]*?) from '([^']+)'/m.exec(part) ?? [];
    if (from === undefined)
      return {
        text: part,
        name: /\b(?:interface|type|function|const|class|enum) (\w+)/.exec(
          part.replace(/^\/\*[\s\S]*?\*\//, ''),
        )?.[1],
      };
    const names = inner
      .replace(/[{}]/g, '')
      .split(',')
      .map((each) => each.trim())
      .filter(Boolean);
    return { text: part, from, names: names.map((each) => ({ text: each, ...nameIn(each) })) };
  });
}

/** `type A as B`, `A`, `* as A`. */
function nameIn(text) {
  const [name, as = name] = text.replace(/^type /, '').split(' as ');
  return { name, as };
}

function textOf({ text, kept, from, names }) {
  if (kept) return [text];
  const needed = names?.filter((each) => each.kept) ?? [];
  if (needed.length === 0) return [];
  const [first] = needed;
  const list =
    first.name === '*'
      ? `type ${first.text}`
      : `type { ${needed.map(({ text: each }) => each.replace(/^type /, '')).join(', ')} }`;
  return [`import ${list} from '${from}';\n`];
}
