/** Results of budgets for a CI service: JUnit's XML, which it shows as tests, and annotations of GitHub Actions. */
import type { BudgetResult } from './budget.ts';

/** One test case for each budget, in the order given. Text from a log is escaped. */
export function renderJunit(results: readonly BudgetResult[]): string {
  const failures = results.filter(({ broken }) => broken).length;
  const cases = results.map(({ budget, broken, message }) => {
    const name = xml(budget.text);
    const inside = broken
      ? `<failure message="${xml(message)}"/>`
      : `<system-out>${xml(message)}</system-out>`;
    return `    <testcase classname="hermes-otel.budgets" name="${name}">${inside}</testcase>\n`;
  });
  const counts = `tests="${results.length}" failures="${failures}"`;
  return `<?xml version="1.0" encoding="UTF-8"?>
<testsuites ${counts}>
  <testsuite name="hermes-otel budgets" ${counts}>
${cases.join('')}  </testsuite>
</testsuites>
`;
}

/**
 * An error for each broken budget, a notice when none is. A message is one line, so it cannot begin a command of its own;
 * what a runner of Azure would obey anywhere in a line is broken up.
 */
export function renderAnnotations(results: readonly BudgetResult[]): string {
  const broken = results.filter((result) => result.broken);
  if (broken.length === 0) return `::notice title=Budgets::${results.length} of ${results.length} hold\n`;
  return broken
    .map(({ budget, message }) => `::error title=${property(`Budget ${budget.text}`)}::${data(message)}\n`)
    .join('');
}

/** `message` has no control characters: it is `Visible`. */
function xml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

function data(text: string): string {
  return text.replace(/[%\r\n]/g, percentCode).replace(/##(?=\[|vso\[)/gi, '# #');
}

function property(text: string): string {
  return data(text).replace(/[:,]/g, percentCode);
}

function percentCode(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
}
