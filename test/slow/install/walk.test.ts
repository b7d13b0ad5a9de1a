import { copyFileSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Newcomer, newcomer, run } from '../../docs/newcomer.ts';
import { commandsOf, isShownIn, PAGES } from '../../docs/pages.ts';
import { type Receiver, startReceiver } from '../../export/receiver.ts';
import { checkout, machine } from './machine.ts';

// Every command of every page, run as a newcomer runs it: installed by the README's own commands, in a home folder with
// nothing but a Hermes, with the logs of `fixtures/`. Receivers are one on loopback, whatever their address in the page.

/** Commands that are not run here, each with the reason. */
const NOT_RUN: readonly (readonly [command: RegExp, reason: string])[] = [
  [/docker (compose|build|run)/, 'needs a container engine'],
  [/otlp_grpc/, 'needs a gRPC receiver: npm run e2e has one'],
  [/promtool|prometheus/, 'needs Prometheus: npm run e2e has one'],
  [/hermes-otel consume|@platformatic/, 'needs Node.js 22 and Kafka: npm run e2e has both'],
  [/(s3|gs):\/\//, 'needs object storage: npm run e2e has it'],
  [/stack check/, 'needs the viewing stack: npm run e2e has it'],
  [/^hermes$/, 'needs Hermes: npm run test:hermes has it'],
  [/hermes-otel init$/, 'asks at a terminal; init --yes is run'],
  [/npm (test|run)|\.ci\/run/, 'a suite of its own'],
  [/hermes-otel@/, 'works once the package is published'],
];

/** Commands that need the repository run in the copy of it. */
const IN_CHECKOUT = /^npm install (&&|-g \.)|fixtures\//;

const TARBALL = 'hermes-otel-0.1.0.tgz';

/** Commands that send to the receiver of the variables. */
const SENDS = / send |-e otlp\b/;

/** Interrupted, as it would follow for ever. */
const ENDLESS = 124;

const ADDRESS = /https?:\/\/(localhost:(4318|6006|9090|8428)|otel\.example\.com)/;

const computer = machine();
const repository = checkout(computer);
let receiver: Receiver;

beforeAll(async () => {
  receiver = await startReceiver();
});
afterAll(async () => {
  await receiver.stop();
  rmSync(computer.root, { recursive: true });
});

describe.each(PAGES)('%s', (page) => {
  const blocks = commandsOf(page).map((block) => ({ ...block, commands: block.commands.filter(isRun) }));
  for (const { line, commands, shown } of blocks) {
    if (commands.length === 0) continue;
    test(`line ${line}: ${commands.join('; ')}`, async () => {
      const who = newcomer();
      let printed = '';
      for (const command of commands) printed += await runAs(who, command);
      rmSync(who.home, { recursive: true });
      if (shown !== undefined && !isShownIn(shown, printed)) expect(printed).toBe(shown);
    });
  }
});

function isRun(command: string): boolean {
  return NOT_RUN.every(([pattern]) => !pattern.test(command));
}

/** The command with the receiver's address, and without a reader that waits for keys. */
function runnable(command: string): string {
  return command.replace(ADDRESS, receiver.url).replace(/\| less$/, '| cat');
}

/** What the command prints. Fails when it ends with another exit code than the page leads to expect. */
async function runAs({ home, folder }: Newcomer, command: string): Promise<string> {
  const where = IN_CHECKOUT.test(command) ? repository : folder;
  const tarball = join(repository, TARBALL);
  if (where === folder && command.includes(TARBALL)) copyFileSync(tarball, join(folder, TARBALL));
  const address = SENDS.test(command) ? { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url } : {};
  const variables = { ...computer.env, HOME: home, BROWSER: 'true', ...address };
  const { code, output } = await run(runnable(command), where, variables);
  const expected = /--follow|tail -f/.test(command) ? ENDLESS : 0;
  if (code !== expected) throw new Error(`${command}: exit code ${code}\n${output}`);
  return output;
}

test('every reason is needed', () => {
  const commands = PAGES.flatMap((page) => commandsOf(page).flatMap((block) => block.commands));
  for (const [pattern] of NOT_RUN) {
    expect(commands.filter((command) => pattern.test(command))).not.toEqual([]);
  }
  expect(commands.length).toBeGreaterThan(80);
  expect(readFileSync('README.md', 'utf8')).toContain('## Install');
});
