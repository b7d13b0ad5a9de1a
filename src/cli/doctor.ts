/** `hermes-otel doctor`: what a stuck user would look at by hand, each line ok, warn or fail with the next step. */
import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { checkClock } from '../doctor/clock.ts';
import { checkEndpoints, type SignalProbe } from '../doctor/endpoint.ts';
import { checkEnvironment } from '../doctor/environment.ts';
import { type Finding, fail, ok, warn } from '../doctor/finding.ts';
import { checkHermes } from '../doctor/hermes.ts';
import { checkLog } from '../doctor/log-facts.ts';
import { checkNode } from '../doctor/node-version.ts';
import { epochMicros } from '../model/time.ts';
import { visible } from '../view/visible.ts';
import { CliError } from './cli-error.ts';
import { addFlags, type FlagValues, readFlags, switchFlag } from './flags.ts';
import { addExamples, addVariables } from './help.ts';
import type { Io } from './io.ts';
import { OTLP_VARIABLES } from './otlp-variables.ts';
import { DESTINATION_FLAGS, REPLAY_FLAGS } from './replay-flags.ts';

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
  const { hermesFacts } = await import('./hermes-facts.ts');
  yield* checkHermes(await hermesFacts(io.env));
  yield* await logFindings(log, io);
  yield* receiverFindings(flags, io);
}

/** Every variable that a flag reads, and the recorder's own. */
function knownVariables(): readonly string[] {
  const recorder = ['FILE', 'MAX_CHARS', 'MAX_BYTES', 'KEEP', 'CONTENT'].map(
    (name) => `HERMES_OTEL_RECORD_${name}`,
  );
  return [...Object.values(REPLAY_FLAGS).flatMap(({ env }) => env ?? []), ...recorder];
}

async function logFindings(given: string | undefined, io: Io): Promise<readonly Finding[]> {
  const { recordSettings } = await import('../record/settings.ts');
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

async function* receiverFindings(flags: DoctorFlags, io: Io): AsyncGenerator<Finding> {
  const sends =
    flags.exporter.some((name) => name === 'otlp' || name === 'otlp_grpc') || flags.endpoint !== undefined;
  if (!sends) {
    yield ok(
      'Receiver',
      `The exporter is ${flags.exporter.join(', ')}: nothing is sent. With \`-e otlp\` or --endpoint, the receiver is looked at too.`,
    );
    return;
  }
  const { signalProbes } = await import('./signal-probes.ts');
  const opened = await signalProbes(flags, io.env);
  if ('sentence' in opened) {
    yield fail('Receiver', `${opened.sentence}.`, 'Mend the flag or the variable that is named.');
    return;
  }
  const probes = opened.probes.filter(({ signal }) => flags[signal]);
  const findings = await checkEndpoints(probes);
  await opened.close();
  yield* findings;
  if (findings.some(({ level }) => level === 'fail')) return;
  if (probes[0]?.protocol === 'http') yield* await clockFindings(probes[0]);
  if (flags.sendTest) yield await sampleFinding(probes[0]?.protocol ?? 'http', flags, io);
}

async function clockFindings(probe: SignalProbe): Promise<readonly Finding[]> {
  try {
    const answer = await fetch(probe.url.origin, { method: 'HEAD', signal: AbortSignal.timeout(3_000) });
    const finding = checkClock(answer.headers.get('date') ?? undefined, Date.now());
    return finding === undefined ? [] : [finding];
  } catch {
    // A receiver may answer nothing but OTLP: then its clock is not known.
    return [];
  }
}

async function sampleFinding(
  protocol: SignalProbe['protocol'],
  flags: DoctorFlags,
  io: Io,
): Promise<Finding> {
  const { sendSample } = await import('./send-sample.ts');
  const { traceId, problems } = await sendSample(
    { ...flags, exporter: [protocol === 'grpc' ? 'otlp_grpc' : 'otlp'] },
    io.env,
    io,
  );
  const about = 'Sample';
  const what = [...(flags.traces ? ['six spans'] : []), ...(flags.metrics ? ['seven metrics'] : [])];
  if (problems.length > 0)
    return fail(about, problems.join(' '), 'The sentences above say what the receiver refuses.');
  return ok(about, `Accepted ${what.join(' and ')}: trace ${traceId}.`);
}

const MARKS = { ok: 'ok  ', warn: 'warn', fail: 'FAIL' } as const;

function inWords({ level, about, found, next }: Finding): string {
  const head = `${MARKS[level]}  ${about}: ${visible(found)}\n`;
  return next === undefined ? head : `${head}      → ${visible(next)}\n`;
}
