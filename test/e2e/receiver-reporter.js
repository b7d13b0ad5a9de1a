import { basename } from 'node:path';

/**
 * Ends the run with what each receiver said: a test belongs to the receiver that its outermost `describe` names, and one whose
 * receiver could not be had is "not run", with the reason, never passed. (JavaScript: Jest does not compile its reporters.)
 */
class ReceiverReporter {
  onRunComplete(_contexts, results) {
    const receivers = new Map();
    const skipped = [];
    for (const file of results.testResults) {
      if (file.testExecError !== undefined && file.testExecError !== null)
        count(receivers, basename(file.testFilePath), 'failed');
      for (const test of file.testResults) {
        const receiver = test.ancestorTitles[0] ?? test.title;
        count(receivers, receiver, test.status);
        // A whole receiver that is missing says why in its own line.
        if (test.title.includes('(not run: ')) skipped.push(`  ${receiver}: ${test.title}`);
      }
    }
    const lines = [...receivers].map(([name, tally]) => `  ${name}: ${inWords(tally)}`);
    const sum = (key) => [...receivers.values()].reduce((total, tally) => total + tally[key], 0);
    const notRun = sum('notRun') === 0 ? [] : [`${sum('notRun')} not run`, ...skipped];
    const total = `${sum('passed')} passed, ${sum('failed')} failed`;
    process.stdout.write(`\n${['Receivers', ...lines, ...notRun, total].join('\n')}\n`);
  }
}

function count(receivers, name, status) {
  const tally = receivers.get(name) ?? { passed: 0, failed: 0, notRun: 0 };
  tally[status === 'passed' || status === 'failed' ? status : 'notRun'] += 1;
  receivers.set(name, tally);
}

function inWords({ passed, failed, notRun }) {
  if (passed + failed === 0) return `${notRun} not run`;
  return `${passed} passed, ${failed} failed${notRun === 0 ? '' : `, ${notRun} not run`}`;
}

export default ReceiverReporter;
