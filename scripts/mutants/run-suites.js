/**
 * Runs the suites that it is given, one after the other. Prints the processor time that they took, in seconds; or, as soon as a
 * test fails, the number of its suite and its name, and exits 1.
 */
import { pathToFileURL } from 'node:url';
import fc from 'fast-check';
import { tests } from './test-api.js';

// The same cases for every mutant.
fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: 1 });

for (const [index, suite] of process.argv.slice(2).entries()) {
  try {
    await import(pathToFileURL(suite).href);
  } catch {
    fail(index, '(while the suite was loaded)');
  }
  for (const { name, body } of tests.splice(0)) {
    try {
      await body();
    } catch {
      fail(index, name);
    }
  }
}
const { user, system } = process.cpuUsage();
process.stdout.write(JSON.stringify({ seconds: (user + system) / 1e6 }));

function fail(suite, name) {
  process.stdout.write(JSON.stringify({ suite, name }));
  process.exit(1);
}
