/** The main thread's part of a shared replay: what there is but one of, and what is put together from all jobs. */
import { convention } from '../../conventions/convention.ts';
import type { Answer } from '../../export/delivery/answer.ts';
import { createLedger } from '../../export/delivery/ledger.ts';
import type { LineOutput } from '../../export/file/line-output.ts';
import { createMergedMeter } from '../../export/metrics/merged-meter.ts';
import type { DeliveryAccount } from '../../model/sink.ts';
import { openDeadLetter } from '../delivery-settings.ts';
import { meterOptions, openDestinations } from '../destinations.ts';
import { openDiagnosticLog } from '../diagnostic-log.ts';
import type { Io } from '../io.ts';
import { openOutput } from '../output.ts';
import { startProgress } from '../progress.ts';
import type { ReplayFlags } from '../replay-flags.ts';
import type { Report } from '../report.ts';
import type { Service } from './job.ts';
import { createLead } from './lead.ts';
import type { JobProgress, Question, Reply, Result } from './messages.ts';

export interface Coordinator {
  serviceOf(job: number): Service;
  hurry(withinMillis: number): void;
  /** Waits for the job's result; from then on nothing waits for the job. */
  ended(job: number, result: Promise<Result>): Promise<Result>;
  /** After all have ended. @returns what became of all spans and points */
  finish(results: readonly Result[], withinMillis: number | undefined): Promise<readonly DeliveryAccount[]>;
  /** Lets go of files, also when the run failed. */
  close(): Promise<void>;
}

/** @param report hears of the diagnostics that are written down */
export async function openCoordinator(
  jobs: number,
  flags: ReplayFlags,
  io: Io,
  report: Report,
): Promise<Coordinator> {
  const { instruments } = convention(flags.conventions, { captureContent: flags.captureContent });
  const meter = createMergedMeter(await meterOptions(flags, io, instruments), jobs);
  const output = flags.exporter.includes('otlp_file') ? await openOutput(flags, io) : undefined;
  const deadLetter = await openDeadLetter(flags);
  const shared = { output, deadLetter };
  const destinations = await openDestinations({ ...flags, traces: false }, io, instruments, { shared });
  const diagnosticLog = await openDiagnosticLog(flags.diagnostics, report, { goesOn: false });
  const lead = createLead(meter.waitingOf);
  const lines = new Array<number>(jobs).fill(0);
  const progress = startProgress(io, flags.quiet);
  const outagesTold = new Set<string>();
  let sending: Promise<void> = Promise.resolve();

  /** One snapshot after the other, and waits while the diagnostics' file is slower than the faults come. */
  function sendDue(): Promise<void> {
    sending = sending.then(async () => {
      for (const snapshot of meter.due()) await destinations.writeMetrics(snapshot);
      await diagnosticLog?.room();
    });
    return sending;
  }

  async function note(job: number, told: JobProgress): Promise<void> {
    lines[job] = told.lines;
    progress.tell({ lines: lines.reduce((sum, own) => sum + own, 0) });
    for (const diagnostic of told.diagnostics) report.onDiagnostic?.(diagnostic);
    // The first job reads the beginning of the log; others may begin later.
    if (job === 0 && told.startTime !== undefined) meter.startAt(told.startTime);
    meter.add(job, told.gains, told.clock);
    await sendDue();
    await lead.room(job);
  }

  async function reply(job: number, question: Question): Promise<Reply> {
    const { number } = question;
    switch (question.kind) {
      case 'line':
        return { kind: 'written', number, answer: await writeTo(output, question.line) };
      case 'letter':
        return { kind: 'kept', number, answer: await deadLetter?.append(question.line) };
      case 'progress':
        await note(job, question.progress);
        return { kind: 'goOn', number };
      default:
        return question satisfies never;
    }
  }

  /** Once for all jobs: they wait for the same receiver. */
  function outage(sentence: string): void {
    if (!flags.quiet && !outagesTold.has(sentence)) io.stderr.write(`hermes-otel: ${sentence}\n`);
    outagesTold.add(sentence);
  }

  return {
    serviceOf: (job) => ({ outage, reply: (question) => reply(job, question) }),
    hurry: destinations.hurry,
    async ended(job, result) {
      const ended = await result;
      meter.end(job);
      await sendDue();
      lead.release();
      return ended;
    },
    async finish(results, withinMillis) {
      const last = meter.finish();
      if (last !== undefined) await destinations.writeMetrics(last);
      const points = await destinations.finish(withinMillis);
      return [...accountsOf(results), ...points];
    },
    async close() {
      progress.stop();
      await diagnosticLog?.close();
      await deadLetter?.close();
      await output?.close();
    },
  };
}

/** Every job has the same destinations, in the same order. */
function accountsOf(results: readonly Result[]): readonly DeliveryAccount[] {
  return (results[0]?.tallies ?? []).map(({ destination, signal }, index) => {
    const ledger = createLedger(destination, signal);
    for (const { tallies } of results) {
      const tally = tallies[index]?.tally;
      if (tally !== undefined) ledger.add(tally);
    }
    return ledger.close();
  });
}

async function writeTo(output: LineOutput | undefined, line: Uint8Array): Promise<Answer> {
  if (output === undefined) throw new TypeError('a job wrote a line for a file that nobody asked for');
  return await output.write(line);
}
