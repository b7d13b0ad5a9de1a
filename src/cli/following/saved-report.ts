/** The counters of a report as plain data, so that the account of a follower goes on after a restart. */
import { createReport, type Report } from '../report.ts';

export type SavedReport = Omit<Report, 'metrics' | 'diagnosticCounts' | 'files' | 'onDiagnostic'> & {
  readonly metrics: readonly string[];
  readonly diagnosticCounts: readonly (readonly [code: string, count: number])[];
};

/** Examples for the summary; a checkpoint is written often. */
const KEPT_DIAGNOSTICS = 20;

export function saveReport({ files: _files, onDiagnostic: _heard, ...report }: Report): SavedReport {
  return {
    ...report,
    metrics: [...report.metrics],
    diagnostics: report.diagnostics.slice(0, KEPT_DIAGNOSTICS),
    diagnosticCounts: [...report.diagnosticCounts],
  };
}

export function resumeReport(files: number, saved: SavedReport | undefined): Report {
  if (saved === undefined) return createReport(files);
  return {
    ...createReport(files),
    ...saved,
    metrics: new Set(saved.metrics),
    diagnosticCounts: new Map(saved.diagnosticCounts),
  };
}
