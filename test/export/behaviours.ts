import { encodeResponse, encodeStatus } from './decode.ts';
import { type Behaviour, reply } from './receiver.ts';

// The ways in which receivers misbehave.

/** Answers with a status and, as the protocol says, with a `Status` message where there is a text. */
export function status(code: number, text = '', headers: Record<string, string> = {}): Behaviour {
  return ({ response }) => reply(response, code, text === '' ? '' : encodeStatus(text), undefined, headers);
}

/** The first `count` requests meet `bad`, the others are accepted (or meet `then`). */
export function first(count: number, bad: Behaviour, then: Behaviour = ({ accept }) => accept()): Behaviour {
  return (exchange) => (exchange.index < count ? bad(exchange) : then(exchange));
}

/** Says nothing, for ever. */
export const hang: Behaviour = () => {};

/** Closes the connection instead of answering. */
export const reset: Behaviour = ({ response }) => response.destroy();

/** Accepts, announces a body, and breaks off inside it. */
export const resetInsideBody: Behaviour = (exchange) => {
  exchange.store();
  exchange.response.writeHead(200, { 'content-type': 'application/x-protobuf', 'content-length': '100' });
  exchange.response.write('\n', () => exchange.response.destroy());
};

/** Accepts, and then never stops talking. */
export const endless: Behaviour = (exchange) => {
  exchange.store();
  const { response } = exchange;
  response.writeHead(200, { 'content-type': 'application/x-protobuf' });
  const chunk = Buffer.alloc(16 * 1024);
  const more = () => {
    if (!response.destroyed) response.write(chunk, () => setImmediate(more));
  };
  more();
};

/** Accepts, and then talks so slowly that the answer never ends. */
export const drip: Behaviour = (exchange) => {
  exchange.store();
  exchange.response.writeHead(200, { 'content-type': 'application/x-protobuf' });
  exchange.response.write('\n');
};

/** Accepts all but some. */
export function partial(rejected: number, errorMessage: string): Behaviour {
  return ({ received, response }) => {
    if (received.headers['content-type'] === 'application/json') {
      const body = JSON.stringify({ partialSuccess: { rejectedSpans: `${rejected}`, errorMessage } });
      reply(response, 200, body, 'application/json');
    } else {
      reply(response, 200, encodeResponse({ rejected, errorMessage }));
    }
  };
}

/** 200, and something that no OTLP receiver says. */
export function says(contentType: string, body: string): Behaviour {
  return ({ response }) => reply(response, 200, body, contentType);
}

/** Refuses requests with more spans than that. */
export function atMost(spans: number, bad: Behaviour = status(413)): Behaviour {
  return (exchange) => {
    const all = exchange.received.traces?.resourceSpans[0]?.scopeSpans[0]?.spans ?? [];
    return all.length > spans ? bad(exchange) : exchange.accept();
  };
}

/** Accepts after a while. */
export function slow(millis: number): Behaviour {
  return ({ accept }) => void setTimeout(accept, millis);
}
