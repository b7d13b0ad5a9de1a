// Sends a log to an OTLP receiver while it is being written, until Ctrl-C.
//   tail -f hooks.ndjson | node docs/examples/live-to-otlp.js http://localhost:4318
import { otlpHttp, ReplayError, replay } from 'hermes-otel';

const [url] = process.argv.slice(2);
const interrupt = new AbortController();
process.once('SIGINT', () => interrupt.abort());
try {
  const { accounts } = await replay(process.stdin, {
    destinations: [otlpHttp({ url, headers: { 'x-team': 'agents' } })],
    conventions: ['gen-ai'],
    signal: interrupt.signal,
    on: { outage: (sentence) => process.stderr.write(`${sentence}\n`) },
  });
  for (const { destination, signal, accepted, made } of accounts) {
    process.stderr.write(`${destination}: ${accepted} of ${made} ${signal} accepted\n`);
  }
} catch (error) {
  if (!(error instanceof ReplayError)) throw error;
  process.stderr.write(`${error.code}: ${error.message}\n`);
  process.exitCode = 2;
}
