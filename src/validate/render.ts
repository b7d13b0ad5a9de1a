import type { Counts, Finding, LintReport, Place } from './report.ts';

/** The number of places shown for one finding. */
const MOST_SHOWN = 5;

/**
 * The report as plain text, with a final line end. `visible` makes text safe for a terminal; names of files need it.
 */
export function renderText(report: LintReport, visible: (text: string) => string): string {
  const findings = report.findings.flatMap((finding) => ['', ...findingLines(finding)]);
  const end = report.findings.length === 0 ? ['', 'No problems found.'] : [];
  return visibleLines([...summaryLines(report), ...findings, ...end], visible);
}

/** Each line on its own, as `visible` would escape line ends. */
function visibleLines(lines: readonly string[], visible: (text: string) => string): string {
  return lines.map((line) => `${visible(line)}\n`).join('');
}

function summaryLines(report: LintReport): string[] {
  const { lines, events, blank, lost, sources, sessions } = report;
  const rows: [string, string][] = [
    [
      'lines',
      `${lines} in ${counted(sources.length, 'file')}: ${events} events, ${lost} lost, ${blank} blank`,
    ],
    ['dialect', dialectText(report)],
    ['envelope', countsText(report.envelopes)],
    ['sessions', String(sessions)],
    ['hooks', countsText(report.hooks)],
  ];
  return rows.map(([name, text]) => `${name.padEnd(9)} ${text}`);
}

function dialectText({ dialects, schemaVersions }: LintReport): string {
  const found = dialects.map(({ dialect, lines }) => `Hermes ${dialect} (${counted(lines, 'line')})`);
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

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** Characters that act on a terminal and that JSON does not escape: C1 controls and marks of text direction. */
const UNSAFE = /[\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** The report as one indented JSON object with a final line end. The field names are those of `LintReport`. */
export function renderJson(report: LintReport): string {
  const json = JSON.stringify(report, undefined, 2);
  return `${json.replace(UNSAFE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)}\n`;
}
