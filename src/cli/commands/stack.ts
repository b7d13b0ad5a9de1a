/** `hermes-otel stack`: writes the files of the viewing stack, and checks the running stack from end to end. */
import { resolve } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { visible } from '../../model/visible.ts';
import type { StepResult } from '../../stack/check.ts';
import { CliError } from '../cli-error.ts';
import type { CommandSpec } from '../command.ts';
import { durationFlag, type Flag, type FlagValues, readFlags, switchFlag } from '../flags.ts';
import type { Io } from '../io.ts';

const INIT_FLAGS = {
  force: switchFlag('--force', 'overwrite existing files'),
} as const;

/** A base address; its reader leaves out a slash at its end. */
function address(name: string, fallback: string, help: string): Flag<string> {
  const read = ([url = '']: readonly string[], flag: string): string => {
    if (URL.canParse(url)) return url.replace(/\/+$/, '');
    throw new CliError(`${flag} takes an address such as http://localhost:9090, not "${url}".`);
  };
  return { flags: `--${name} <url>`, help, env: undefined, fallback, shown: fallback, read };
}

const CHECK_FLAGS = {
  collector: address('collector', 'http://localhost:4318', 'OTLP/HTTP address of the Collector'),
  health: address('health', 'http://localhost:13133', "address of the Collector's health check"),
  jaeger: address('jaeger', 'http://localhost:16686', 'address of Jaeger'),
  prometheus: address('prometheus', 'http://localhost:9090', 'address of Prometheus'),
  grafana: address('grafana', 'http://localhost:3000', 'address of Grafana'),
  wait: durationFlag('--wait <time>', 'maximum time for a program to show what it received', {
    fallback: '45s',
  }),
  json: switchFlag('--json', 'print the steps as JSON'),
} as const;

export const STACK: CommandSpec = {
  examples: {
    'hermes-otel stack init viewing': 'write the files, then `docker compose up -d --wait` in viewing',
    'hermes-otel stack check': 'check the seven steps from the Collector to the dashboard',
  },
  commands: [
    {
      name: 'init',
      summary: 'Write the Docker Compose file, the configuration and the dashboard',
      load: async () => ({
        words: { '<folder>': 'target folder, created when it is missing' },
        flags: INIT_FLAGS,
        examples: {
          'hermes-otel stack init viewing':
            'write everything that `docker compose up` needs to the folder viewing',
          'hermes-otel stack init viewing --force': 'overwrite the files that are there',
        },
        run: (init, io) => stackInit(init.args[0] ?? '', readFlags(INIT_FLAGS, init, io.env), io),
      }),
    },
    {
      name: 'check',
      summary: 'Check the running stack: seven steps, each ok or failed',
      load: async () => ({
        flags: CHECK_FLAGS,
        examples: {
          'hermes-otel stack check': 'check the stack on this machine',
          'hermes-otel stack check --jaeger http://jaeger.example.com:16686 --wait 90s':
            'check another Jaeger, with a longer timeout',
        },
        run: (check, io) => stackCheck(readFlags(CHECK_FLAGS, check, io.env), io),
      }),
    },
  ],
};

async function stackInit(folder: string, flags: FlagValues<typeof INIT_FLAGS>, io: Io): Promise<number> {
  const { alreadyIn, stackFiles, writeStack } = await import('../../stack/files.ts');
  const target = resolve(io.cwd(), folder);
  const files = await stackFiles();
  const there = await alreadyIn(target, files);
  if (there.length > 0 && !flags.force) {
    throw new CliError(
      `${folder} has ${there.join(', ')} already: choose another folder, or use --force to overwrite.`,
    );
  }
  await writeStack(target);
  io.stdout.write(`${files.map((file) => `${folder}/${file}`).join('\n')}\n`);
  io.stderr.write(
    `Start it with \`docker compose up -d --wait\` in ${folder}, then see \`hermes-otel stack check\` and README.md there.\n`,
  );
  return 0;
}

/** @returns exit code 0 when every step is ok, else 1 */
async function stackCheck(flags: FlagValues<typeof CHECK_FLAGS>, io: Io): Promise<number> {
  const { checkStack } = await import('../../stack/check.ts');
  const { sendSample } = await import('../send-sample.ts');
  const steps: StepResult[] = [];
  const checked = checkStack({
    addresses: flags,
    // An empty environment: variables must not redirect the test to another receiver.
    sendSample: (endpoint) =>
      sendSample({ exporter: ['otlp'], endpoint, header: [], traces: true, metrics: true }, {}, io),
    waitMillis: flags.wait,
    now: () => performance.now(),
    sleep,
  });
  for await (const step of checked) {
    steps.push(step);
    if (!flags.json) io.stdout.write(inWords(step, steps.length));
  }
  if (flags.json) io.stdout.write(`${JSON.stringify(steps, null, 2)}\n`);
  return steps.every(({ ok }) => ok) ? 0 : 1;
}

function inWords({ name, ok, skipped, found, next }: StepResult, number: number): string {
  const word = ok ? 'ok     ' : skipped ? 'skipped' : 'failed ';
  const head = `${word} ${number} ${name}: ${visible(found)}\n`;
  return next === undefined ? head : `${head}          → ${next}\n`;
}
