/** Exit codes: 0 done; 1 done with problems; 2 could not run (`main` makes it of an error); 75 start `consume` again. */
import type { DeliveryAccount } from '../model/sink.ts';
import {
  eventCount,
  type LogReport,
  lostLines,
  notTaken,
  type ReplayReport,
  spanCount,
} from '../replay/report.ts';
import type { Interrupt, Interrupts } from './interrupts.ts';
import type { Io } from './io.ts';

/** As a shell gives them for a process that a signal ended. */
const INTERRUPTED: Readonly<Record<Interrupt, number>> = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 };

/** The exit code of a command that was cut short; `undefined` when it was not. */
export function endedBy({ received }: Pick<Interrupts, 'received'>, live: boolean): number | undefined {
  const interrupt = received();
  return interrupt === undefined || live ? undefined : INTERRUPTED[interrupt];
}

/** How the logs were read. */
export interface Ended {
  readonly live: boolean;
  readonly strict: boolean;
  /** A followed log goes on: its next lines may be of use. */
  readonly follow: boolean;
  readonly interrupt: Interrupt | undefined;
}

/**
 * Prints why the logs were of no use, or are not whole, although each of their lines is accounted for.
 * @returns whether there was a reason.
 */
export function printBadEnding(report: LogReport, ended: Ended, io: Pick<Io, 'stderr'>): boolean {
  const reason = badEnding(report, ended);
  if (reason !== undefined) io.stderr.write(`hermes-otel: ${reason}.\n`);
  return reason !== undefined;
}

/** The exit code of a command that read logs to show them, which prints what was wrong with them. */
export function endOfReading(
  { report, live }: { readonly report: LogReport; readonly live: boolean },
  interrupt: Interrupts,
  io: Io,
): number {
  const ended = { live, strict: false, follow: false, interrupt: interrupt.received() };
  const isBad = printBadEnding(report, ended, io);
  return endedBy(interrupt, live) ?? Number(isBad);
}

function badEnding(report: LogReport, { live, strict, follow, interrupt }: Ended): string | undefined {
  const { account, lines, diagnosticCounts } = report;
  const isCut = (diagnosticCounts.truncated ?? 0) + (diagnosticCounts['gzip-truncated'] ?? 0) > 0;
  if ((diagnosticCounts['read-failed'] ?? 0) > 0) return 'a log could not be read to its end';
  if (live && isCut && interrupt === undefined) {
    return 'the pipe ended inside a line or inside its compressed data: its producer may have failed';
  }
  if (eventCount(report) + account.test === 0 && lines > account.blank) {
    return 'no line is a hook event: is it a log of Hermes hooks? "hermes-otel init" sets up recording one';
  }
  if (!follow && account.filtered > 0 && spanCount(report) === 0) {
    return 'the filters leave out all of the log: see --session, --platform, --model, --since and --until';
  }
  return strict ? strictEnding(report, follow) : undefined;
}

/** Why `--strict` fails, also where no summary is printed. */
function strictEnding(report: LogReport, follow: boolean): string | undefined {
  if (!follow && report.lines === report.account.blank) return 'nothing was read: the log is empty';
  const lost = lostLines(report);
  if (lost === 0) return undefined;
  return `--strict: ${lost === 1 ? '1 line was' : `${lost} lines were`} lost`;
}

/** The accounts of what was not delivered, although the receiver takes the signal. */
export function undelivered({ accounts }: Pick<ReplayReport, 'accounts'>): readonly DeliveryAccount[] {
  const harmless = notTaken(accounts);
  return accounts.filter((account) => account.rejected + account.failed > 0 && !harmless.includes(account));
}

/** An interrupt is how a live replay ends, so it is no failure there; it cuts a replay of finished files short. */
export function exitCodeOf(report: ReplayReport, strict: boolean, interrupt: Interrupt | undefined): number {
  if (interrupt !== undefined && !report.live) return INTERRUPTED[interrupt];
  const lost = strict && lostLines(report) > 0;
  return undelivered(report).length > 0 || lost || report.budgets.some(({ broken }) => broken) ? 1 : 0;
}
