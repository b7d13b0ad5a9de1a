// Sends spans to an exporter of your own, or of the OpenTelemetry SDK: here one that prints a line for each failure.
//   node docs/examples/custom-exporter.js session.ndjson
import { fromSpanExporter, replay } from 'hermes-otel';

class FailureExporter {
  /**
   * @param {import('@opentelemetry/sdk-trace-base').ReadableSpan[]} spans
   * @param {(result: { code: number }) => void} done
   */
  export(spans, done) {
    for (const { name, status, attributes } of spans) {
      if (status.code === 2)
        process.stdout.write(`${attributes['hermes.session.id'] ?? ''} ${name}: ${status.message}\n`);
    }
    done({ code: 0 });
  }

  async shutdown() {}
}

const [log = 'fixtures/recordings/0.19.0/tool-errors/flat.ndjson'] = process.argv.slice(2);
const { accounts } = await replay(log, {
  destinations: [fromSpanExporter(new FailureExporter(), { name: 'failures' })],
});
for (const { destination, made, accepted } of accounts) {
  process.stdout.write(`${destination}: ${accepted} of ${made} spans\n`);
}
