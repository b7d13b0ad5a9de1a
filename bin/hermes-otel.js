#!/usr/bin/env node
import module from 'node:module';

// Written for every version of Node.js that can read it, as it names the version that is needed: no `await` outside functions.
const [command, ...rest] = process.argv.slice(2);
const isRecord = command === 'record' && !rest.includes('--help') && !rest.includes('-h');
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(
    `hermes-otel needs Node.js 20.19 or newer, and this is ${process.versions.node}: https://nodejs.org\n`,
  );
  // An agent waits for `record`, which never fails.
  process.exitCode = isRecord ? 0 : 2;
} else {
  // Compiled once, for the runs after this one. Node 20 has no such cache.
  if (module.enableCompileCache) module.enableCompileCache();
  // `record` loads nothing but itself. Anything else has failed until it has ended in order.
  process.exitCode = isRecord ? undefined : 1;
  const ended = isRecord
    ? import('../dist/cli/record.js').then(({ record }) => record(rest, process))
    : import('../dist/cli/main.js').then(({ main }) => main(process.argv.slice(2), process));
  void ended.then((code) => {
    process.exitCode = code;
  });
}
