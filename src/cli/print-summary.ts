/** The end of a run: the summary on standard error, the whole account as JSON where it was asked for. */
import { appendFile, truncate, writeFile } from 'node:fs/promises';
import type { Diagnostic } from '../model/diagnostic.ts';
import { workText } from '../model/figures.ts';
import type { DeliveryAccount, Signal } from '../model/sink.ts';
import { systemProblem } from '../model/system-error.ts';
import { inThousands, money } from '../model/units.ts';
import { packageVersion } from '../replay/origin.ts';
import {
  eventCount,
  type LogReport,
  lostLines,
  notTaken,
  type ReplayReport,
  spanCount,
} from '../replay/report.ts';
import type { BudgetResult } from '../view/budget.ts';
import { CliError } from './cli-error.ts';
import { bareOutput } from './guarded-output.ts';
import type { Io } from './io.ts';
import type { ReplayFlags } from './replay-flags.ts';
import { writeTo } from './write-to.ts';

/** @param deadLetter the file of `--dead-letter` */
export function printSummary(report: ReplayReport, deadLetter: string | undefined, io: Io): void {
  const lines = [
    summaryOf(report),
    ...report.accounts.flatMap(sentOf),
    ...notTaken(report.accounts).map(whatItTakes),
    ...howToSendAgain(report.accounts, deadLetter),
  ];
  io.stderr.write(`${lines.join('\n')}\n`);
}

/** Prints one line about what was not delivered, if anything. It is all that `--quiet` leaves of the summary. */
export function printUndelivered(accounts: readonly DeliveryAccount[], io: Io): void {
  const losses = accounts.map(({ rejected, failed, made, signal, destination, problems }) => {
    // A problem names the destination.
    return `${rejected + failed} of ${count(made, signal.slice(0, -1))} not delivered: ${problems[0] ?? destination}`;
  });
  if (losses.length > 0) io.stderr.write(`hermes-otel: ${losses.join('; ')}.\n`);
}

const WHAT_IT_TAKES: Readonly<Record<Signal, string>> = {
  spans: 'this receiver takes no spans: --no-traces leaves them out',
  'metric points': 'this receiver takes no metrics: --no-metrics leaves them out',
  'log records': 'this receiver takes no log records: leave --logs out',
};

/** The receiver takes one signal alone: no failure, but its requests are for nothing. */
function whatItTakes({ signal }: DeliveryAccount): string {
  return WHAT_IT_TAKES[signal];
}

/** Prints broken budgets on standard error. */
export function printBudgets(budgets: readonly BudgetResult[], io: Pick<Io, 'stderr'>): void {
  for (const { broken, message } of budgets) if (broken) io.stderr.write(`hermes-otel: ${message}\n`);
}

/** Writes the summary to its place, if one is wanted. */
export async function writeSummary(
  { budgets, totals }: Pick<ReplayReport, 'budgets' | 'totals'>,
  flags: SummaryFlags,
  io: Io,
): Promise<void> {
  if (!wantsSummary(flags) || totals === undefined) return;
  if (flags.summary === 'junit' || flags.summary === 'github') {
    await writeBudgets(budgets, { format: flags.summary, file: flags.summaryFile }, io);
    return;
  }
  const { renderSummaryMarkdown } = await import('../view/totals-tables.ts');
  const markdown = renderSummaryMarkdown(totals, budgets);
  const jobPage = isPrinted(flags) ? io.env.GITHUB_STEP_SUMMARY : undefined;
  if (flags.summaryFile !== undefined) await writeTextFile('--summary-file', flags.summaryFile, markdown);
  else if (jobPage) await appendToPage(jobPage, markdown);
  else await writeTo(io.stdout)(markdown);
}

/** Writes the results of budgets for a CI service: to `file`, else to standard output. */
export async function writeBudgets(
  budgets: readonly BudgetResult[],
  { format, file }: { readonly format: 'junit' | 'github'; readonly file?: string | undefined },
  io: Pick<Io, 'stdout'>,
): Promise<void> {
  const { renderAnnotations, renderJunit } = await import('../view/budget-formats.ts');
  const text = format === 'junit' ? renderJunit(budgets) : renderAnnotations(budgets);
  if (file !== undefined) await writeTextFile('--summary-file', file, text);
  // Annotations are commands for the runner, which the guard would break up.
  else await writeTo(format === 'github' ? bareOutput(io.stdout) : io.stdout)(text);
}

type SummaryFlags = Pick<ReplayFlags, 'exporter' | 'output' | 'summary' | 'summaryFile'>;

export function wantsSummary({
  summary,
  summaryFile,
}: Pick<ReplayFlags, 'summary' | 'summaryFile'>): boolean {
  return summary !== 'none' || summaryFile !== undefined;
}

/** True when an exporter writes to standard output. */
export function isPrinted({ exporter, output }: Pick<ReplayFlags, 'exporter' | 'output'>): boolean {
  const toFile = output !== undefined && output !== '-';
  return exporter.some(
    (name) => name === 'console' || (!toFile && ['otlp_file', 'openmetrics'].includes(name)),
  );
}

/** Appends to the page of the job, which earlier steps have written to. Throws a `CliError` when it cannot. */
async function appendToPage(page: string, markdown: string): Promise<void> {
  await appendFile(page, markdown).catch((error: unknown) => {
    throw new CliError(`GITHUB_STEP_SUMMARY: ${page} cannot be written: ${systemProblem(error)}.`);
  });
}

async function writeTextFile(flag: string, file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text);
  } catch (error) {
    // A full disk would leave half a file. Not a rename: it may be a pipe, or a file that a container has mounted.
    await truncate(file).catch(() => {});
    throw new CliError(`${flag}: ${file} cannot be written: ${systemProblem(error)}.`);
  }
}

/** `replayed 812 events from 1 file: 3 sessions, 9 turns, 24 calls, 31 tools → 67 spans; 2 lines skipped (…)` */
export function summaryOf(report: LogReport): string {
  const { figures } = report;
  const parts = [count(figures.sessions, 'session'), workText(figures)].filter((part) => part !== '');
  const from = report.files === 0 ? 'standard input' : count(report.files, 'file');
  const incomplete = report.incomplete === 0 ? '' : ` (${report.incomplete} incomplete)`;
  const metrics = report.metrics.length === 0 ? '' : `, ${count(report.metrics.length, 'metric')}`;
  const made = `${count(spanCount(report), 'span')}${incomplete}${metrics}`;
  return `replayed ${count(eventCount(report), 'event')} from ${from}: ${parts.join(', ')} → ${made}${asides(report)}`;
}

function asides(report: LogReport): string {
  const { account } = report;
  const lost = lostLines(report);
  const examples = report.diagnostics.filter(({ severity }) => severity === 'error').map(brieflyIn(report));
  const shown = examples.slice(0, MAX_EXAMPLES);
  if (examples.length > shown.length) shown.push('…');
  if (account.untimed > 0) shown.push(`${count(account.untimed, 'line')} without a time`);
  if (account.unplaced > 0) shown.push(`${count(account.unplaced, 'event')} without a session`);
  const notes = [
    lost > 0 ? `${count(lost, 'line')} skipped (${shown.join('; ')})` : '',
    costOf(report),
    account.unknown > 0 ? `${count(account.unknown, 'unknown hook')} counted` : '',
    account.test > 0 ? `${count(account.test, 'test payload')} left out` : '',
    account.filtered > 0 ? `${count(account.filtered, 'event')} filtered out` : '',
    warnings(report),
  ];
  return notes
    .filter(Boolean)
    .map((note) => `; ${note}`)
    .join('');
}

/** Empty when no price is known. */
function costOf({ cost: { usd, pricedCalls, unpricedCalls } }: LogReport): string {
  if (pricedCalls === 0) return '';
  const unknown = unpricedCalls === 0 ? '' : `, without ${count(unpricedCalls, 'call')} of unknown price`;
  return `cost ${money(usd)}${unknown}`;
}

const MAX_EXAMPLES = 3;

function warnings(report: LogReport): string {
  const warned = report.diagnostics.filter(({ severity }) => severity === 'warning');
  const codes = [...new Set(warned.map(({ code }) => code))];
  if (codes.length === 0) return '';
  const total = codes.reduce((sum, code) => sum + (report.diagnosticCounts[code] ?? 0), 0);
  const first = warned[0];
  return `${count(total, 'warning')} (${first === undefined ? '' : brieflyIn(report)(first)}${total > 1 ? '; …' : ''})`;
}

/** With the file's name where there are several. */
function brieflyIn({ files }: LogReport): (diagnostic: Diagnostic) => string {
  return ({ at, message }) => {
    if (at === undefined) return message;
    return `${files > 1 ? `${at.source}:` : 'line '}${at.line}: ${message}`;
  };
}

function count(value: number, noun: string, plural = `${noun}s`): string {
  return `${inThousands(value)} ${value === 1 ? noun : plural}`;
}

/** `sent 67 spans to http://… in 3 requests: 67 accepted, 0 rejected, 0 failed`, and what went wrong. */
export function sentOf(account: DeliveryAccount): readonly string[] {
  if (account.destination === 'console') return account.problems;
  const { made, accepted, rejected, failed, requests, retries, cut, deadLettered, unwanted, spilled } =
    account;
  const asides = [
    retries > 0 ? count(retries, 'retry', 'retries') : '',
    cut > 0 ? `${cut} cut to fit` : '',
    deadLettered > 0 ? `${deadLettered} kept in the dead-letter file` : '',
    unwanted > 0 ? `${unwanted} not wanted by the reader` : '',
    spilled > 0 ? `${spilled} more wait on disk for the next run` : '',
  ].filter(Boolean);
  const what = `sent ${count(made, account.signal.slice(0, -1))} to ${account.destination} in ${count(requests, 'request')}`;
  const outcome = `${accepted} accepted, ${rejected} rejected, ${failed} failed`;
  return [`${what}: ${[outcome, ...asides].join('; ')}`, ...account.problems];
}

/** What to do about what is kept in `file`. */
export function howToSendAgain(
  accounts: readonly DeliveryAccount[],
  file: string | undefined,
): readonly string[] {
  if (file === undefined || accounts.every(({ deadLettered }) => deadLettered === 0)) return [];
  return [`\`hermes-otel send ${file}\` delivers what is kept there, once the receiver takes it.`];
}

/** Writes the report as JSON, as docs/schema/report.schema.json describes it. Throws a `CliError` when it cannot. */
export async function writeReport(
  file: string,
  { budgets, totals: _totals, live: _live, ...report }: ReplayReport,
): Promise<void> {
  const json = {
    schema: 'urn:hermes-otel:report:1',
    generator: `hermes-otel ${packageVersion()}`,
    ...report,
    budgets: budgets.map(({ budget, value, broken, span }) => ({ budget: budget.text, value, broken, span })),
  };
  await writeTextFile('--report', file, `${JSON.stringify(json, undefined, 2)}\n`);
}
