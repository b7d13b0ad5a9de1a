import { plural } from '../model/units.ts';
import { visible, visibleJson } from '../model/visible.ts';
import type { Counts, Finding, LintReport, Place } from './report.ts';

/** The number of places shown for one finding. */
const MOST_SHOWN = 5;

/** The report as plain text, with a final line end. */
export function renderText(report: LintReport): string {
  const findings = report.findings.flatMap((finding) => ['', ...findingLines(finding)]);
  const end = report.findings.length === 0 ? ['', 'No problems found.'] : [];
  // Names of files may hold what a terminal obeys.
  return [...summaryLines(report), ...findings, ...end].map((line) => `${visible(line)}\n`).join('');
}

function summaryLines(report: LintReport): string[] {
  const { lines, events, blank, lost, sources, sessions } = report;
  const rows: [string, string][] = [
    [
      'lines',
      `${lines} in ${plural(sources.length, 'file', String)}: ${events} events, ${lost} lost, ${blank} blank`,
    ],
    ['dialect', dialectText(report)],
    ['envelope', countsText(report.envelopes)],
    ['sessions', String(sessions)],
    ['hooks', countsText(report.hooks)],
  ];
  return rows.map(([name, text]) => `${name.padEnd(9)} ${text}`);
}

function dialectText({ dialects, schemaVersions }: LintReport): string {
  const found = dialects.map(({ dialect, lines }) => `Hermes ${dialect} (${plural(lines, 'line', String)})`);
  return [...found, ...Object.keys(schemaVersions)].join(', ') || 'unknown';
}

function countsText(counts: Counts): string {
  const parts = Object.entries(counts).map(([name, count]) => `${name} ${count}`);
  return parts.join(', ') || 'none';
}

function findingLines({ severity, message, effect, count, places }: Finding): string[] {
  return [
    `${severity.padEnd(9)} ${message}${count > 1 ? ` (${count} times)` : ''}`,
    `          ${placesText(places, count)}`,
    `          → ${effect}`,
  ];
}

function placesText(places: readonly Place[], count: number): string {
  const shown = places.slice(0, MOST_SHOWN);
  const rest = count - shown.length;
  const texts = shown.map(
    ({ source, line, detail }) => `${source}:${line}${detail === undefined ? '' : ` (${detail})`}`,
  );
  return texts.join(', ') + (rest > 0 ? ` and ${rest} more` : '');
}

/** The report as one indented JSON object with a final line end. The field names are those of `LintReport`. */
export function renderJson(report: LintReport): string {
  return `${visibleJson(report)}\n`;
}
