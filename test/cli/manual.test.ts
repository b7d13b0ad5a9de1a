import { expect, test } from '@jest/globals';
import { configSchema } from '../../scripts/manual/config-schema.ts';
import { manual } from '../../scripts/manual/manual.ts';
import { COMMANDS } from '../../src/cli/commands/commands.ts';
import { createProgram } from '../../src/cli/program.ts';
import { expectGolden } from '../golden-file.ts';
import { testIo } from '../run-main.ts';

const program = await createProgram(
  COMMANDS,
  () => true,
  testIo().io,
  () => {},
);
const written = manual(program);

test('docs/cli.md says what the program says; npm run docs:cli writes it', () => {
  expectGolden(new URL('../../docs/cli.md', import.meta.url), written);
});

test('docs/schema/config.schema.json has the flags of the program; npm run docs:cli writes it', () => {
  const schema = `${JSON.stringify(configSchema(program), null, 2)}\n`;
  expectGolden(new URL('../../docs/schema/config.schema.json', import.meta.url), schema);
});

test.each(COMMANDS.map(({ name }) => name))('it has a chapter about %s, with examples', (name) => {
  const [, chapter = ''] = written.split(`\n## hermes-otel ${name}\n`);
  const [own = ''] = chapter.split('\n## ');
  expect(own).toMatch(new RegExp(`\`\`\`text\nhermes-otel ${name}[ \n]`));
  expect(own).toContain('`-h, --help`');
  expect(own.match(/^# .+$/gm)?.length).toBeGreaterThanOrEqual(2);
});

test('a flag has its variable and its default in columns of their own', () => {
  const row = written.split('\n').find((line) => line.startsWith('| `--retry-for <time>`')) ?? '';
  expect(row.split('|').map((cell) => cell.trim())).toEqual([
    '',
    '`--retry-for <time>`',
    'retry a failed request for this long',
    '`HERMES_OTEL_RETRY_FOR`',
    '`60s`',
    '',
  ]);
});
