#!/usr/bin/env node
const [command, ...rest] = process.argv.slice(2);
if (command === 'record' && !rest.includes('--help') && !rest.includes('-h')) {
  // An agent waits for this one: it loads nothing but itself, and never fails.
  const { record } = await import('../dist/cli/record.js');
  process.exitCode = await record(rest, process);
} else {
  const { main } = await import('../dist/cli/main.js');
  process.exitCode = await main(process.argv.slice(2), process);
}
