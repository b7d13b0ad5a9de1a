// Reads spans without sending them: the five slowest tool calls of a log that is parsed by another package.
//   node docs/examples/slowest-tools.js session.ndjson
import { createReadStream } from 'node:fs';
import { spans } from 'hermes-otel';
import { parse } from 'ndjson';

const [log = 'fixtures/seed/six-spans/input.ndjson'] = process.argv.slice(2);
const tools = [];
for await (const span of spans(createReadStream(log).pipe(parse()))) {
  if (span.kind === 'tool_call') tools.push(span);
}
tools.sort((a, b) => b.endTime - b.startTime - (a.endTime - a.startTime));
for (const { toolName, startTime, endTime } of tools.slice(0, 5)) {
  process.stdout.write(`${toolName} ${(endTime - startTime) / 1000} ms\n`);
}
