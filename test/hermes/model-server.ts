/** A language model for Hermes to talk to: an HTTP server on loopback that answers as a script says. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { isJsonObject, type JsonObject, type JsonValue } from '../../src/model/json.ts';

export type Answer =
  | { readonly say: string }
  | { readonly call: readonly (readonly [tool: string, args: JsonObject])[] }
  | { readonly fail: number };

export interface ModelServer {
  readonly baseUrl: string;
  /** What the next requests that offer tools are answered with, in order. */
  script(answers: readonly Answer[]): void;
  /** How many answers of the script were not asked for. */
  left(): number;
  close(): Promise<void>;
}

const MODEL = 'scripted-1';
/** What requests get that offer no tools (titles and the like), and those beyond the script. */
const OTHERWISE: Answer = { say: 'Nothing more.' };

export async function startModelServer(): Promise<ModelServer> {
  let answers: Answer[] = [];
  let served = 0;
  const server = createServer((request, response) => {
    void respond(request, response, (offersTools) => {
      served += 1;
      return { answer: (offersTools ? answers.shift() : undefined) ?? OTHERWISE, number: served };
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    baseUrl: `http://127.0.0.1:${port}/v1`,
    script: (given) => {
      answers = [...given];
    },
    left: () => answers.length,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

interface Turn {
  readonly answer: Answer;
  readonly number: number;
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  next: (offersTools: boolean) => Turn,
): Promise<void> {
  const body = await text(request);
  if (request.method === 'GET') {
    sendJson(response, 200, {
      object: 'list',
      data: [{ id: MODEL, object: 'model', context_length: 131_072 }],
    });
    return;
  }
  const asked: JsonValue = JSON.parse(body);
  const fields = isJsonObject(asked) ? asked : {};
  const turn = next(Array.isArray(fields.tools) && fields.tools.length > 0);
  if ('fail' in turn.answer) {
    sendJson(response, turn.answer.fail, { error: { message: 'out of order', type: 'server_error' } });
    return;
  }
  const usage = usageOf(body, turn.number);
  if (fields.stream === true) sendStream(response, turn, usage);
  else sendJson(response, 200, { ...head(turn.number), choices: [choice(turn, 'message')], usage });
}

/** Odd numbers on purpose: a sum that mixes two of them up shows. */
function usageOf(body: string, number: number): JsonObject {
  const prompt = Math.ceil(body.length / 4);
  const completion = 20 + number;
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: { cached_tokens: 7 * number },
    completion_tokens_details: { reasoning_tokens: number },
  };
}

function head(number: number): JsonObject {
  return { id: `scripted-${number}`, object: 'chat.completion', created: 1_700_000_000, model: MODEL };
}

function choice({ answer, number }: Turn, part: 'message' | 'delta'): JsonObject {
  const calls = 'call' in answer ? answer.call : [];
  const message: JsonObject = {
    role: 'assistant',
    content: 'say' in answer ? answer.say : null,
    ...(calls.length > 0 && {
      tool_calls: calls.map(([name, args], index) => ({
        index,
        id: `call_${number}_${index}`,
        type: 'function',
        function: { name, arguments: JSON.stringify(args) },
      })),
    }),
  };
  const reason = calls.length > 0 ? 'tool_calls' : 'stop';
  return { index: 0, [part]: message, finish_reason: part === 'message' ? reason : null };
}

function sendStream(response: ServerResponse, turn: Turn, usage: JsonObject): void {
  const chunk = { ...head(turn.number), object: 'chat.completion.chunk' };
  const reason = 'call' in turn.answer ? 'tool_calls' : 'stop';
  const events: readonly JsonObject[] = [
    { ...chunk, choices: [choice(turn, 'delta')] },
    { ...chunk, choices: [{ index: 0, delta: {}, finish_reason: reason }] },
    { ...chunk, choices: [], usage },
  ];
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (const event of events) response.write(`data: ${JSON.stringify(event)}\n\n`);
  response.end('data: [DONE]\n\n');
}

function sendJson(response: ServerResponse, status: number, body: JsonObject): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}
