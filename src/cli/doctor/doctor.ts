/** `hermes-otel doctor`: diagnoses why traces do not arrive. Each check is ok, warn or fail, with the next step. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { checkEnvironment } from '../../doctor/environment.ts';
import { type Finding, fail, finding, warn } from '../../doctor/finding.ts';
import { checkLog } from '../../doctor/log.ts';
import { checkDatabase, checkHermes, checkNode } from '../../doctor/machine.ts';
import { createRedaction } from '../../model/redact.ts';
import { epochMicros } from '../../model/time.ts';
import { visible } from '../../model/visible.ts';
import { ReplayError } from '../../replay/replay-error.ts';
import { CliError } from '../cli-error.ts';
import { type CommandSpec, OTLP_VARIABLES } from '../command.ts';
import { type FlagValues, readFlags, switchFlag } from '../flags.ts';
import type { Io } from '../io.ts';
import { OTLP_FLAGS, OUTPUT_FLAGS, REPLAY_FLAGS } from '../replay-flags.ts';

const DOCTOR_FLAGS = {
  exporter: OUTPUT_FLAGS.exporter,
  endpoint: OTLP_FLAGS.endpoint,
  header: OTLP_FLAGS.header,
  traces: OUTPUT_FLAGS.traces,
  metrics: OUTPUT_FLAGS.metrics,
  sendTest: switchFlag(
    '--send-test',
    'send a sample session (six spans, seven metrics), which the receiver will store',
  ),
  json: switchFlag('--json', 'print the findings as JSON'),
} as const;

type DoctorFlags = FlagValues<typeof DOCTOR_FLAGS>;

export const DOCTOR: CommandSpec = {
  words: { '[log]': "log to check (default: the recorder's)" },
  flags: DOCTOR_FLAGS,
  variables: OTLP_VARIABLES,
  examples: {
    'hermes-otel doctor': 'check this machine: Node.js, variables, Hermes, the recorder and its log',
    'hermes-otel doctor session.ndjson --endpoint http://localhost:4318': 'check that log and that receiver',
    'hermes-otel doctor -e otlp --send-test --json': 'send a sample session; print the findings as JSON',
  },
  run: (command, io) => doctor(command.args[0], readFlags(DOCTOR_FLAGS, command, io.env), io),
};

/** @returns exit code 1 when a check fails, else 0 */
async function doctor(log: string | undefined, flags: DoctorFlags, io: Io): Promise<number> {
  const findings: Finding[] = [];
  const redaction = createRedaction();
  for await (const raw of runChecks(log, flags, io)) {
    const finding = redaction.value(raw);
    findings.push(finding);
    if (!flags.json) io.stdout.write(render(finding));
  }
  if (flags.json) io.stdout.write(`${JSON.stringify(findings, null, 2)}\n`);
  return findings.some(({ level }) => level === 'fail') ? 1 : 0;
}

async function* runChecks(log: string | undefined, flags: DoctorFlags, io: Io): AsyncGenerator<Finding> {
  if (io.versions !== undefined) yield finding('Node.js', checkNode(io.versions.node));
  yield* checkEnvironment(io.env, flags.exporter, knownVariables());
  yield* invalidVariable(io);
  const { databaseFacts, hermesFacts } = await import('./facts.ts');
  const facts = await hermesFacts(io.env);
  yield* checkHermes(facts);
  const { home } = facts;
  if (home !== undefined) {
    const hasLog = existsSync(join(home, 'hermes-otel', 'hooks.ndjson'));
    for (const database of await databaseFacts(home))
      yield finding('Database', checkDatabase(database, hasLog));
  }
  yield* await logFindings(log, io);
  const { receiverFindings } = await import('./receiver.ts');
  yield* receiverFindings(flags, io);
}

/** A variable whose value no replay accepts. */
function invalidVariable(io: Io): readonly Finding[] {
  try {
    readFlags(REPLAY_FLAGS, new Command(), io.env);
    return [];
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    return [
      finding(
        'Environment',
        fail(error.message, 'Correct it, or unset it: a replay does not start with this value.'),
      ),
    ];
  }
}

/** Every variable that a flag or the recorder reads. */
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
      finding(
        'Log',
        warn(
          'No log was named, and the recorder has not written one.',
          'Name one: `hermes-otel doctor session.ndjson`.',
        ),
      ),
    ];
  }
  const { logFacts } = await import('./facts.ts');
  try {
    return checkLog(await logFacts(log), now());
  } catch (error) {
    if (!(error instanceof ReplayError)) throw error;
    const next =
      error.code === 'no-times'
        ? 'Install the recorder: `hermes-otel init`. A replay gives artificial times with --assume-times.'
        : 'Check its name and its permissions.';
    return [finding('Log', fail(error.message, next))];
  }
}

function now() {
  return epochMicros(Date.now() * 1000);
}

const MARKS = { ok: 'ok  ', warn: 'warn', fail: 'FAIL' } as const;

function render({ level, about, found, next }: Finding): string {
  const head = `${MARKS[level]}  ${about}: ${visible(found)}\n`;
  return next === undefined ? head : `${head}      → ${visible(next)}\n`;
}
