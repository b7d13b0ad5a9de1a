/** Prints findings of `validate --format json` and broken budgets of `replay --report` as annotations of a GitHub job. */
import { existsSync, readFileSync } from 'node:fs';
import { relative } from 'node:path';

const [findings, report] = process.argv.slice(2).map((path) => {
  const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
  return text === '' ? {} : JSON.parse(text);
});
const LEVELS = { error: 'error', warning: 'warning', info: 'notice' };
/** GitHub shows ten annotations of a level for each step. */
const MOST = 10;

const annotations = [
  ...(report.budgets ?? [])
    .filter(({ broken }) => broken)
    .map(({ budget, span }) => annotation('error', {}, `budget ${budget} is broken${by(span)}`)),
  ...(findings.findings ?? []).flatMap(({ severity, message, effect, count, places }) => {
    const [{ source, line } = {}] = places;
    const place = source === undefined ? {} : { file: relative('.', source), line };
    return annotation(LEVELS[severity], place, `${message}: ${effect} (${count} in all)`);
  }),
];
for (const level of Object.values(LEVELS)) {
  const lines = annotations.filter((text) => text.startsWith(`::${level}`)).slice(0, MOST);
  if (lines.length > 0) process.stdout.write(`${lines.join('\n')}\n`);
}

/** The span that weighs most, where there is one. */
function by(span) {
  return span === undefined ? '' : ` by ${span.name} of session ${span.sessionId}`;
}

/** A workflow command. Text of a log cannot end it or begin another one. */
function annotation(level, place, message) {
  const properties = Object.entries(place).map(([name, value]) => `${name}=${property(value)}`);
  const head = [level, properties.join(',')].filter(Boolean).join(' ');
  return `::${head}::${data(message)}`;
}

function data(text) {
  return String(text).replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function property(text) {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
