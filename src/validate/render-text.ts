import type { Counts, Finding, LintReport, Place } from './report.ts';

/** How many places of one finding are shown to people. */
const MOST_SHOWN = 5;

/**
 * The report for people. `visible` makes text safe to print: names of files come from outside, and go through it.
 * Plain text; ends with a line end.
 */
export function renderText(report: LintReport, visible: (text: string) => string): string {
  const findings = report.findings.flatMap((finding) => ['', ...findingLines(finding)]);
  const end = report.findings.length === 0 ? ['', 'Nothing odd found.'] : [];
  return visibleLines([...summaryLines(report), ...findings, ...end], visible);
}

/** Each line by itself, so that `visible` never meets the line ends between them. */
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
  return [...found, ...Object.keys(schemaVersions)].join(', ') || 'no line tells';
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
