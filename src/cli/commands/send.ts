/** `hermes-otel send`: files of OTLP/JSON lines (a dead-letter file, `otlp_file`'s, the Collector's) → a receiver. */
import { realpath } from 'node:fs/promises';
import { resolve } from 'node:path';
import { plainText } from '../../export/outside-text.ts';
import type { Diagnostic } from '../../model/diagnostic.ts';
import type { CheckpointOptions } from '../../replay/options.ts';
import type { SendReport } from '../../replay/send.ts';
import { CliError } from '../cli-error.ts';
import { type CommandSpec, OTLP_VARIABLES } from '../command.ts';
import { endedBy } from '../exit-code.ts';
import { choiceFlag, type FlagValues, readFlags, textFlag, variablesOf } from '../flags.ts';
import { watchInterrupts } from '../interrupts.ts';
import type { Io } from '../io.ts';
import { howToSendAgain, printUndelivered, sentOf } from '../print-summary.ts';
import { noticesTo, startProgress } from '../progress.ts';
import { CI_FLAGS, DELIVERY_VARIABLES, OTLP_FLAGS, OUTPUT_FLAGS } from '../replay-flags.ts';
import { destinationOf, logsOf } from '../to-options.ts';

const SEND_FLAGS = {
  exporter: choiceFlag('-e, --exporter <name>', 'otlp or otlp_grpc', ['otlp', 'otlp_grpc'], {
    env: 'HERMES_OTEL_SEND_EXPORTER',
    fallback: 'otlp',
  }),
  ...OTLP_FLAGS,
  traces: OUTPUT_FLAGS.traces,
  metrics: OUTPUT_FLAGS.metrics,
  checkpoint: textFlag(
    '--checkpoint <dir>',
    'save how far the files were sent, and continue there the next time, also after a kill',
  ),
  quiet: CI_FLAGS.quiet,
  ...DELIVERY_VARIABLES,
} as const;

type SendFlags = FlagValues<typeof SEND_FLAGS>;

export const SEND: CommandSpec = {
  words: { '<file...>': 'a dead-letter file, otlp_file output, a Collector file (also .gz), or -' },
  flags: SEND_FLAGS,
  variables: { ...variablesOf(SEND_FLAGS), ...OTLP_VARIABLES },
  examples: {
    'hermes-otel send failed.jsonl --endpoint https://otel.example.com':
      'what a replay could not deliver, again',
    'hermes-otel send failed.jsonl --checkpoint sending':
      'the same in several runs: each continues where the one before was interrupted',
    'hermes-otel send traces.jsonl.gz -e otlp_grpc': 'a stored file, over gRPC',
  },
  run: (command, io) => runSend(command.args, readFlags(SEND_FLAGS, command, io.env), io),
};

/** Refused lines that are printed: those of a wrong file are all alike. */
const MAX_SHOWN = 10;

/** @returns the exit code: 1 when a line could not be sent or the receiver did not take it. */
async function runSend(files: readonly string[], flags: SendFlags, io: Io): Promise<number> {
  await refuseToFeedItself(files, flags, io);
  const all = { ...flags, logs: true, color: undefined, output: undefined };
  const destination = await destinationOf(flags.exporter, all, io);
  const interrupt = watchInterrupts(io);
  const progress = startProgress(io, flags.quiet);
  let refused = 0;
  const diagnostic = ({ at, message }: Diagnostic) => {
    refused += 1;
    if (refused > MAX_SHOWN) return;
    io.stderr.write(`hermes-otel: ${at === undefined ? '' : `${at.source}:${at.line}: `}${message}\n`);
  };
  const say = noticesTo(io, flags.quiet);
  try {
    const { send } = await import('../../replay/send.ts');
    const report = await send(logsOf(files, io, 'send'), {
      destination,
      checkpoint: checkpointOf(flags),
      deadLetter: flags.deadLetter,
      signal: interrupt.signal,
      shutdownTimeoutMillis: flags.shutdownTimeout,
      on: { diagnostic, progress: progress.update, notice: say, outage: say },
    }).finally(progress.stop);
    const more = refused - MAX_SHOWN;
    if (more > 0)
      io.stderr.write(`hermes-otel: ${more} more ${more === 1 ? 'line was' : 'lines were'} not sent\n`);
    const lossy = report.accounts.filter(({ rejected, failed }) => rejected + failed > 0);
    if (flags.quiet) printUndelivered(lossy, io);
    else printSent(report, flags, io);
    const isPiped = files.includes('-');
    if (!report.whole && !isPiped) say(`interrupted before the end; ${howToContinue(flags)}.`);
    return endedBy(interrupt, isPiped) ?? (refused > 0 || lossy.length > 0 ? 1 : 0);
  } finally {
    interrupt.leave();
  }
}

function printSent(
  { accounts, leftOut, lostFields }: SendReport,
  { deadLetter }: Pick<SendFlags, 'deadLetter'>,
  io: Io,
): void {
  const lines = [
    ...accounts.flatMap(sentOf),
    ...Object.entries(leftOut).flatMap(([signal, count]) =>
      count > 0 ? [`${count} ${signal} left out`] : [],
    ),
    ...lostSentence(lostFields),
    ...howToSendAgain(accounts, deadLetter),
  ];
  io.stderr.write(lines.map((line) => `${line}\n`).join(''));
}

/** Fields that are named. */
const MAX_NAMED = 10;

function lostSentence(lost: ReadonlyMap<string, number>): readonly string[] {
  if (lost.size === 0) return [];
  const named = [...lost].slice(0, MAX_NAMED).map(([name, count]) => `${plainText(name, 80)} (${count})`);
  const more = lost.size > MAX_NAMED ? ` and ${lost.size - MAX_NAMED} more` : '';
  return [`warning: left out, as hermes-otel does not send it: ${named.join(', ')}${more}`];
}

function howToContinue({ checkpoint }: SendFlags): string {
  return checkpoint === undefined
    ? 'with --checkpoint, the next run would continue there'
    : 'run the same command again to continue';
}

/** What is sent must not change from run to run. */
function checkpointOf({ checkpoint, traces, metrics }: SendFlags): CheckpointOptions | undefined {
  if (checkpoint === undefined) return undefined;
  const settings = { '--no-traces': String(!traces), '--no-metrics': String(!metrics) };
  return { directory: checkpoint, settings };
}

/** What failed would be appended to the very file that is being read: it would grow, and be sent twice the next time. */
async function refuseToFeedItself(files: readonly string[], flags: SendFlags, io: Io): Promise<void> {
  if (flags.deadLetter === undefined) return;
  const real = (file: string) => realpath(resolve(io.cwd(), file)).catch(() => undefined);
  const kept = await real(flags.deadLetter);
  const sent = await Promise.all(files.map(real));
  if (kept === undefined || !sent.includes(kept)) return;
  throw new CliError(
    `--dead-letter: ${flags.deadLetter} is the file that is being sent: name another for what fails once more.`,
  );
}
