/** `hermes-otel send`: files of OTLP/JSON lines (a dead-letter file, `otlp_file`'s, the Collector's) → a receiver. */
import { realpath } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { deadLetter } from '../../export/delivery/dead-letter.ts';
import type { Destination } from '../../export/destination.ts';
import { pointsIn } from '../../export/metrics/points.ts';
import { readLines } from '../../input/read-lines.ts';
import type { Diagnostic } from '../../model/diagnostic.ts';
import type { InputLine } from '../../model/line.ts';
import type { Signal } from '../../model/sink.ts';
import { limitsOf } from '../../replay/exporters.ts';
import { openLogs } from '../../replay/input.ts';
import { packageVersion } from '../../replay/version.ts';
import { CliError } from '../cli-error.ts';
import { addFlags, choiceFlag, type FlagValues, readFlags, variablesOf } from '../flags.ts';
import { addExamples, addVariables } from '../help.ts';
import { watchInterrupts } from '../interrupts.ts';
import type { Io } from '../io.ts';
import { OTLP_VARIABLES } from '../otlp-variables.ts';
import { startProgress } from '../progress.ts';
import { CI_FLAGS, DELIVERY_VARIABLES, OTLP_FLAGS, OUTPUT_FLAGS } from '../replay-flags.ts';
import { deliveryOptions, logsOf, valueOrCliError } from '../to-options.ts';
import type { Exit } from './commands.ts';
import { tellLines, tellSending } from './tell-sending.ts';

const SEND_FLAGS = {
  exporter: choiceFlag(
    {
      flags: '-e, --exporter <name>',
      help: 'otlp or otlp_grpc',
      env: 'HERMES_OTEL_SEND_EXPORTER',
      fallback: 'otlp',
    },
    ['otlp', 'otlp_grpc'],
  ),
  ...OTLP_FLAGS,
  traces: OUTPUT_FLAGS.traces,
  metrics: OUTPUT_FLAGS.metrics,
  quiet: CI_FLAGS.quiet,
  ...DELIVERY_VARIABLES,
} as const;

type SendFlags = FlagValues<typeof SEND_FLAGS>;

export function registerSend(program: Command, io: Io, exit: Exit): void {
  const command = program
    .command('send')
    .argument('<file...>', 'a dead-letter file, otlp_file output, a Collector file (also .gz), or -');
  addFlags(command, SEND_FLAGS);
  addVariables(command, [...variablesOf(SEND_FLAGS), ...OTLP_VARIABLES]);
  addExamples(command, [
    [
      'hermes-otel send failed.jsonl --endpoint https://otel.example.com',
      'what a replay could not deliver, again',
    ],
    ['hermes-otel send traces.jsonl.gz -e otlp_grpc', 'a stored file, over gRPC'],
  ]);
  command.action(async (files: string[]) => {
    exit(await send(files, readFlags(SEND_FLAGS, command, io.env), io));
  });
}

/** @returns 1 when a line could not be sent or a receiver did not take it, else 0. */
async function send(files: readonly string[], flags: SendFlags, io: Io): Promise<number> {
  await refuseToFeedItself(files, flags, io);
  const sources = await openLogs(logsOf(files, io, 'send'));
  const interrupt = watchInterrupts(io);
  const lines = tellLines(io);
  const deliveries = await openDeliveries(flags, io);
  const { createOtlpReader } = await import('../../export/otlp/read-lines.ts');
  const reader = createOtlpReader();
  const left: Record<Signal, number> = { spans: 0, 'metric points': 0, 'log records': 0 };

  async function sendLine(line: InputLine): Promise<void> {
    const read = reader.read(line);
    if (typeof read === 'string') return lines.refuse(notSent(line, `the line was not sent: ${read}`));
    const { spans, snapshots, logs, unsupportedPoints } = read;
    if (unsupportedPoints > 0) {
      const points = `${unsupportedPoints} metric points were not sent: only monotonic integer sums and histograms can be`;
      lines.refuse(notSent(line, points));
    }
    if (flags.traces) await deliveries.spans.write(spans);
    else left.spans += spans.length;
    if (logs.length > 0) await deliveries.logs.write(logs);
    if (flags.metrics) await deliveries.metrics.write(snapshots);
    else for (const snapshot of snapshots) left['metric points'] += pointsIn(snapshot);
  }

  const progress = startProgress(io, flags.quiet);
  let read = 0;
  try {
    for (const source of sources) {
      for await (const batch of readLines(source, { signal: interrupt.signal, onDiagnostic: lines.refuse })) {
        for (const line of batch) await sendLine(line);
        read += batch.length;
        progress.update({ lines: read });
      }
    }
  } finally {
    progress.stop();
  }
  const within = interrupt.received() === undefined ? undefined : flags.shutdownTimeout;
  const { spans, metrics, logs } = deliveries;
  const [ofSpans, ofMetrics, ofLogs] = await Promise.all([
    spans.finish(within),
    metrics.finish(within),
    logs.finish(within),
  ]);
  const accounts = [ofSpans, ofMetrics, ...(ofLogs.made > 0 ? [ofLogs] : [])];
  await deliveries.close();
  interrupt.stop();
  const refused = lines.refused();
  if (!flags.quiet) tellSending(accounts, { leftOut: left, lostFields: reader.leftOut() }, flags, io);
  return refused > 0 || accounts.some(({ rejected, failed }) => rejected + failed > 0) ? 1 : 0;
}

function notSent({ source, line }: InputLine, message: string): Diagnostic {
  return { severity: 'error', code: 'line-not-sent', message, at: { source, line } };
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

async function openDeliveries(flags: SendFlags, io: Io): Promise<Destination> {
  const options = {
    // Every span and point read from a file has an origin of its own.
    origin: { resource: { attributes: {} }, scope: { name: 'hermes-otel', version: packageVersion() } },
    limits: limitsOf(deliveryOptions(flags)),
    deadLetter: flags.deadLetter === undefined ? undefined : deadLetter(flags.deadLetter),
  };
  if (flags.exporter === 'otlp_grpc') {
    const [{ resolveOtlpGrpc }, { openOtlpGrpc }] = await Promise.all([
      import('../../export/settings/otlp-grpc.ts'),
      import('../../export/otlp-grpc.ts'),
    ]);
    const settings = valueOrCliError(await resolveOtlpGrpc(io.env, flags));
    return valueOrCliError(await openOtlpGrpc({ ...settings, ...options }));
  }
  const [{ resolveOtlpHttp }, { openOtlpHttp }] = await Promise.all([
    import('../../export/settings/otlp-http.ts'),
    import('../../export/otlp-http.ts'),
  ]);
  return openOtlpHttp({ ...valueOrCliError(await resolveOtlpHttp(io.env, flags)), ...options });
}
