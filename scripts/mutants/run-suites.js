/** Runs the suites that it is given, one after the other, until a test fails: then prints its name and exits 1. */
import { pathToFileURL } from 'node:url';
import fc from 'fast-check';
import { tests } from './test-api.js';

// The same cases for every mutant.
fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: 1 });

for (const suite of process.argv.slice(2)) {
  try {
    await import(pathToFileURL(suite).href);
  } catch {
    fail(`${suite} (while it was loaded)`);
  }
  for (const { name, body } of tests.splice(0)) {
    try {
      await body();
    } catch {
      fail(name);
    }
  }
}

function fail(name) {
  process.stdout.write(name);
  process.exit(1);
}
