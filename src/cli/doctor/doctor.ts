/** `hermes-otel doctor`: what a stuck user would look at by hand, each line ok, warn or fail with the next step. */
import { existsSync } from 'node:fs';
import { Command } from 'commander';
import { checkEnvironment } from '../../doctor/environment.ts';
import { type Finding, fail, warn } from '../../doctor/finding.ts';
import { checkHermes } from '../../doctor/hermes.ts';
import { checkLog } from '../../doctor/log-facts.ts';
import { checkNode } from '../../doctor/node-version.ts';
import { epochMicros } from '../../model/time.ts';
import { visible } from '../../view/visible.ts';
import { CliError } from '../cli-error.ts';
import { addFlags, type FlagValues, readFlags, switchFlag } from '../flags.ts';
import { addExamples, addVariables } from '../help.ts';
import type { Io } from '../io.ts';
import { OTLP_VARIABLES } from '../otlp-variables.ts';
import { DESTINATION_FLAGS, REPLAY_FLAGS } from '../replay-flags.ts';
import { receiverFindings } from './doctor-receiver.ts';

const DOCTOR_FLAGS = {
  exporter: DESTINATION_FLAGS.exporter,
  endpoint: DESTINATION_FLAGS.endpoint,
  header: DESTINATION_FLAGS.header,
  traces: DESTINATION_FLAGS.traces,
  metrics: DESTINATION_FLAGS.metrics,
  sendTest: switchFlag({
    flags: '--send-test',
    help: 'send a sample session (six spans, seven metrics); it stays in the receiver',
  }),
  json: switchFlag({ flags: '--json', help: 'the findings as JSON' }),
} as const;

type DoctorFlags = FlagValues<typeof DOCTOR_FLAGS>;

export function registerDoctor(program: Command, io: Io, exit: (code: number) => void): void {
  const command = program
    .command('doctor')
    .argument('[log]', "a log to look at (default: the recorder's own)");
  addFlags(command, DOCTOR_FLAGS);
  addVariables(command, OTLP_VARIABLES);
  addExamples(command, [
    ['hermes-otel doctor', 'this machine: Node.js, variables, Hermes, the recorder and its log'],
    ['hermes-otel doctor session.ndjson --endpoint http://localhost:4318', 'that log and that receiver'],
    ['hermes-otel doctor -e otlp --send-test --json', 'a sample session, sent; the findings for a program'],
  ]);
  command.action(async (log: string | undefined) => {
    exit(await doctor(log, readFlags(DOCTOR_FLAGS, command, io.env), io));
  });
}

/** @returns 1 when something fails, else 0. */
async function doctor(log: string | undefined, flags: DoctorFlags, io: Io): Promise<number> {
  const findings: Finding[] = [];
  for await (const finding of examine(log, flags, io)) {
    findings.push(finding);
    if (!flags.json) io.stdout.write(inWords(finding));
  }
  if (flags.json) io.stdout.write(`${JSON.stringify(findings, null, 2)}\n`);
  return findings.some(({ level }) => level === 'fail') ? 1 : 0;
}

async function* examine(log: string | undefined, flags: DoctorFlags, io: Io): AsyncGenerator<Finding> {
  if (io.versions !== undefined) yield checkNode(io.versions.node);
  yield* checkEnvironment(io.env, flags.exporter, knownVariables());
  yield* unreadable(io);
  const { hermesFacts } = await import('./hermes-facts.ts');
  yield* checkHermes(await hermesFacts(io.env));
  yield* await logFindings(log, io);
  yield* receiverFindings(flags, io);
}

/** A variable with a value that a replay cannot work with: it would not begin. */
function unreadable(io: Io): readonly Finding[] {
  try {
    readFlags(REPLAY_FLAGS, new Command(), io.env);
    return [];
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    return [
      fail('Environment', error.message, 'Set it right, or unset it: a replay does not begin with it.'),
    ];
  }
}

/** Every variable that a flag reads, and the recorder's own. */
function knownVariables(): readonly string[] {
  const recorder = ['FILE', 'MAX_CHARS', 'MAX_BYTES', 'KEEP', 'CONTENT'].map(
    (name) => `HERMES_OTEL_RECORD_${name}`,
  );
  return [...Object.values(REPLAY_FLAGS).flatMap(({ env }) => env ?? []), ...recorder];
}

async function logFindings(given: string | undefined, io: Io): Promise<readonly Finding[]> {
  const { recordSettings } = await import('../../record/settings.ts');
  const own = recordSettings([], io.env).path;
  const log = given ?? (own !== undefined && existsSync(own) ? own : undefined);
  if (log === undefined) {
    return [
      warn(
        'Log',
        'No log was named, and the recorder has written none.',
        'Name one: `hermes-otel doctor session.ndjson`.',
      ),
    ];
  }
  const { logFacts } = await import('./log-facts.ts');
  try {
    return checkLog(await logFacts(log, io), now());
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    return [fail('Log', error.message, 'Check its name, and who may read it.')];
  }
}

function now() {
  return epochMicros(Date.now() * 1000);
}

const MARKS = { ok: 'ok  ', warn: 'warn', fail: 'FAIL' } as const;

function inWords({ level, about, found, next }: Finding): string {
  const head = `${MARKS[level]}  ${about}: ${visible(found)}\n`;
  return next === undefined ? head : `${head}      → ${visible(next)}\n`;
}
