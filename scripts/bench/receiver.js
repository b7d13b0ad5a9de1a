/**
 * A receiver that keeps up, in a process of its own: takes OTLP/HTTP and answers at once; what came is decoded when it is
 * asked for (a message `count`), so that counting does not compete with what is measured.
 */
import { createServer } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { protobufFields } from '../../build/export/otlp/read-protobuf.js';
import { listen } from '../listen.js';

let bodies = [];

const server = createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const gzip = request.headers['content-encoding'] === 'gzip';
  if (request.url === '/v1/traces') bodies.push({ gzip, body: Buffer.concat(chunks) });
  response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
});
server.keepAliveTimeout = 60_000;
process.send({ port: await listen(server) });

process.on('message', (message) => {
  if (message === 'count') process.send(count());
});
process.on('disconnect', () => process.exit());

/** @returns what came since the last time: spans, and how many different ids they had. */
function count() {
  const ids = new Set();
  let spans = 0;
  let bytes = 0;
  for (const { gzip, body } of bodies) {
    bytes += body.length;
    for (const id of spanIds(gzip ? gunzipSync(body) : body)) {
      spans += 1;
      ids.add(id);
    }
  }
  const requests = bodies.length;
  bodies = [];
  return { spans, distinct: ids.size, requests, bytes };
}

/** ExportTraceServiceRequest { 1: ResourceSpans { 2: ScopeSpans { 2: Span { 1: trace id, 2: span id } } } } */
function* spanIds(request) {
  for (const resourceSpans of inside([request], 1)) {
    for (const scopeSpans of inside([resourceSpans], 2)) {
      for (const span of inside([scopeSpans], 2)) {
        const [traceId] = inside([span], 1);
        const [spanId] = inside([span], 2);
        yield Buffer.concat([traceId, spanId]).toString('latin1');
      }
    }
  }
}

/** @returns {Generator<any>} the bytes of the messages' fields of that number */
function* inside(messages, number) {
  for (const message of messages) {
    for (const field of protobufFields(message)) if (field.number === number) yield field.value;
  }
}
