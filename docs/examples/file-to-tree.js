// Prints the tree of a log, and says what was lost.
//   node docs/examples/file-to-tree.js session.ndjson
import { replay, console as terminal } from 'hermes-otel';

const [log = 'fixtures/seed/six-spans/input.ndjson'] = process.argv.slice(2);
const report = await replay(log, { destinations: [terminal((text) => process.stdout.write(text))] });
process.stderr.write(`${report.lines} lines, ${report.errors} of them lost\n`);
