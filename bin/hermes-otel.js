#!/usr/bin/env node
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
} else if (isRecord) {
  // It loads nothing but itself.
  void import('../dist/cli/record.js').then(({ record }) => record(rest, process)).then(end);
} else {
  // Until it has ended in order.
  process.exitCode = 1;
  void import('../dist/cli/main.js').then(({ main }) => main(process.argv.slice(2), process)).then(end);
}

/** @param {number} code */
function end(code) {
  process.exitCode = code;
}
