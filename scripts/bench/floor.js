/**
 * The floor: what remains when a program does nothing but the ordinary course of the benchmark's log, from `JSON.parse` to a
 * protobuf body over HTTP, in one loop. No events, no span objects, no general rules: constant attributes are copied as a block. It
 * is the measure of what a replay costs beyond its bare work.
 */
import { hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { Agent, request } from 'node:http';

const [, , log, receiver] = process.argv;
const LF = 0x0a;
const MOST_SPANS = 512;
const MOST_REQUESTS = 4;
/** Of the histograms. */
const BOUNDS = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92];

let out = Buffer.allocUnsafe(1 << 20);
let end = 0;
let pending = 0;
let spans = 0;

const sessions = new Map();
const blocks = new Map();
const cells = new Map();
const keys = new Map();
const agent = new Agent({ keepAlive: true, maxSockets: MOST_REQUESTS });
const inFlight = new Set();

let rest = Buffer.alloc(0);
for await (const chunk of createReadStream(log, { highWaterMark: 256 * 1024 })) {
  const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
  let start = 0;
  for (let at = bytes.indexOf(LF); at >= 0; at = bytes.indexOf(LF, start)) {
    take(JSON.parse(bytes.toString('utf8', start, at)));
    start = at + 1;
    if (pending >= MOST_SPANS) await send();
  }
  rest = bytes.subarray(start);
}
await send();
await Promise.all(inFlight);
agent.destroy();
process.stdout.write(`${spans}\n`);

function take(body) {
  const fields = body.extra ?? body;
  const time = micros(body.ts);
  const session = sessionOf(body.session_id, fields, time);
  switch (body.hook_event_name ?? body.event) {
    case 'pre_llm_call':
      session.turn = turnOf(session, fields, time);
      break;
    case 'pre_api_request':
      session.turn.call = fields;
      break;
    case 'post_api_request':
      closeCall(session, session.turn, fields);
      break;
    case 'pre_tool_call':
      session.turn.tools.set(fields.tool_call_id, { time, name: body.tool_name });
      break;
    case 'post_tool_call':
      closeTool(session, fields, time);
      break;
    case 'post_llm_call':
      session.turn.end = time;
      break;
    case 'on_session_end':
      closeTurn(session, session.turn, fields, time);
      break;
    case 'on_session_finalize':
      closeSession(session, fields, time);
  }
}

function sessionOf(id, { model, platform }, time) {
  const known = sessions.get(id);
  if (known !== undefined) return known;
  const trace = Buffer.from(digest(`trace\0session\0${id}`).slice(0, 32), 'hex');
  const sums = { calls: 0, tools: 0, input: 0, output: 0, read: 0, write: 0, reasoning: 0 };
  const session = {
    id,
    model,
    platform,
    trace,
    spanId: spanIdOf(`session\0${id}`),
    start: time,
    turns: 0,
    turn: undefined,
    sums,
  };
  sessions.set(id, session);
  return session;
}

function turnOf(session, { turn_id: id, is_first_turn: first }, time) {
  session.turns += 1;
  const sums = { calls: 0, tools: 0, input: 0, output: 0, read: 0, write: 0, reasoning: 0 };
  return {
    id,
    spanId: spanIdOf(`turn\0${id}`),
    first,
    start: time,
    end: 0,
    call: undefined,
    tools: new Map(),
    names: new Set(),
    sums,
  };
}

function closeCall(session, { call, sums, spanId }, fields) {
  const { usage } = fields;
  for (const each of [sums, session.sums]) {
    each.calls += 1;
    each.input += usage.input_tokens;
    each.output += usage.output_tokens;
    each.read += usage.cache_read_tokens;
    each.write += usage.cache_write_tokens;
    each.reasoning += usage.reasoning_tokens;
  }
  const start = micros(call.started_at);
  const finish = Math.max(start, micros(fields.ended_at));
  const id = spanIdOf(`api_call\0${call.api_request_id}\0answer`);
  span({ session, id, parent: spanId, kind: 3, start, finish }, `chat ${fields.model}`, () => {
    copy(`call ${session.id}`, () => {
      text('hermes.span.kind', 'LLM');
      text('hermes.session.id', session.id);
      text('gen_ai.operation.name', 'chat');
      text('gen_ai.system', 'hermes-agent');
      text('gen_ai.request.model', fields.model);
      text('hermes.platform', fields.platform);
      text('hermes.provider', fields.provider);
      text('hermes.api_mode', fields.api_mode);
      text('server.address', new URL(fields.base_url).hostname);
    });
    text('hermes.api_request_id', call.api_request_id);
    copy(`answer ${fields.response_model} ${fields.finish_reason}`, () => {
      text('gen_ai.response.model', fields.response_model);
      text('gen_ai.response.finish_reasons', fields.finish_reason);
    });
    int('hermes.message_count', call.message_count);
    int('hermes.assistant_content_chars', fields.assistant_content_chars);
    int('hermes.assistant_tool_call_count', fields.assistant_tool_call_count);
    int('hermes.api_call_number', call.api_call_count);
    int('hermes.tool_count', call.tool_count);
    int('hermes.approx_input_tokens', call.approx_input_tokens);
    int('hermes.request_char_count', call.request_char_count);
    double('hermes.call.duration_s', fields.api_duration);
    tokens('gen_ai.usage', sumsOf(usage));
  });
  record(`duration ${fields.model}`, (finish - start) / 1e6);
  record(`tokens ${fields.model} input`, usage.input_tokens);
  record(`tokens ${fields.model} output`, usage.output_tokens);
}

function sumsOf(usage) {
  return {
    input: usage.input_tokens,
    output: usage.output_tokens,
    read: usage.cache_read_tokens,
    write: usage.cache_write_tokens,
    reasoning: usage.reasoning_tokens,
  };
}

function closeTool(session, fields, time) {
  const { turn } = session;
  const tool = turn.tools.get(fields.tool_call_id);
  turn.tools.delete(fields.tool_call_id);
  turn.names.add(tool.name);
  for (const { sums } of [session, turn]) sums.tools += 1;
  const id = spanIdOf(`tool_call\0${turn.id}\0${fields.api_request_id}\0${fields.tool_call_id}`);
  span(
    { session, id, parent: turn.spanId, kind: 1, start: tool.time, finish: time },
    `hermes.tool.${tool.name}`,
    () => {
      copy(`tool ${tool.name} ${fields.status}`, () => {
        text('hermes.span.kind', 'TOOL');
        text('hermes.tool.name', tool.name);
        text('hermes.tool.status', fields.status);
      });
      text('hermes.session.id', session.id);
      text('gen_ai.tool.call.id', fields.tool_call_id);
      text('hermes.api_request_id', fields.api_request_id);
      double('hermes.tool.duration_s', fields.duration_ms / 1000);
    },
  );
  record(`tool ${tool.name}`, (time - tool.time) / 1e6);
}

function closeTurn(session, turn, { completed, interrupted }, time) {
  const finish = turn.end || time;
  span(
    { session, id: turn.spanId, parent: session.spanId, kind: 1, start: turn.start, finish },
    'hermes.turn',
    () => {
      copy(`turn ${session.id} ${turn.first} ${completed} ${interrupted}`, () => {
        text('hermes.span.kind', 'CHAIN');
        text('hermes.session.id', session.id);
        text('gen_ai.conversation.id', session.id);
        text('gen_ai.request.model', session.model);
        text('hermes.platform', session.platform);
        text('hermes.is_first_turn', String(turn.first));
        text('hermes.turn.final_status', 'completed');
        text('hermes.turn.completed', String(completed));
        text('hermes.turn.interrupted', String(interrupted));
      });
      text('hermes.turn.id', turn.id);
      int('hermes.turn.index', session.turns);
      double('hermes.turn.duration_s', (finish - turn.start) / 1e6);
      text('hermes.turn.tools', [...turn.names].join());
      counts('hermes.turn', turn.sums);
    },
  );
  record('turn', (finish - turn.start) / 1e6);
}

function closeSession(session, { reason }, time) {
  sessions.delete(session.id);
  blocks.delete(`call ${session.id}`);
  span(
    { session, id: session.spanId, parent: undefined, kind: 1, start: session.start, finish: time },
    'hermes.session',
    () => {
      text('hermes.span.kind', 'AGENT');
      text('hermes.session.id', session.id);
      text('gen_ai.system', 'hermes-agent');
      text('gen_ai.request.model', session.model);
      text('hermes.platform', session.platform);
      text('hermes.session.end_reason', reason);
      int('hermes.session.total_turns', session.turns);
      counts('hermes.session', session.sums);
    },
  );
}

function counts(prefix, sums) {
  int(`${prefix}.api_call_count`, sums.calls);
  int(`${prefix}.tool_call_count`, sums.tools);
  tokens(prefix, sums);
}

function tokens(prefix, sums) {
  int(`${prefix}.input_tokens`, sums.input);
  int(`${prefix}.output_tokens`, sums.output);
  int(`${prefix}.cache_read_tokens`, sums.read);
  int(`${prefix}.cache_write_tokens`, sums.write);
  int(`${prefix}.reasoning_tokens`, sums.reasoning);
}

function record(name, value) {
  let cell = cells.get(name);
  if (cell === undefined) {
    cell = { count: 0, sum: 0, buckets: new Int32Array(BOUNDS.length + 1) };
    cells.set(name, cell);
  }
  let bucket = 0;
  while (bucket < BOUNDS.length && value > BOUNDS[bucket]) bucket += 1;
  cell.count += 1;
  cell.sum += value;
  cell.buckets[bucket] += 1;
}

/** `Span` in a `ScopeSpans`. Its length has three bytes, which holds every span of the log. */
function span({ session, id, parent, kind, start, finish }, name, attributes) {
  if (end > out.length - 8192) out = Buffer.concat([out, Buffer.allocUnsafe(out.length)]);
  out[end] = 0x12;
  const from = end + 4;
  end = from;
  out[end++] = 0x0a;
  out[end++] = 16;
  end += session.trace.copy(out, end);
  out[end++] = 0x12;
  out[end++] = 8;
  end += out.write(id, end, 'hex');
  if (parent !== undefined) {
    out[end++] = 0x22;
    out[end++] = 8;
    end += out.write(parent, end, 'hex');
  }
  out[end++] = 0x2a;
  chars(name);
  out[end++] = 0x30;
  out[end++] = kind;
  nanos(0x39, start);
  nanos(0x41, finish);
  attributes();
  const size = end - from;
  out[from - 3] = (size & 0x7f) | 0x80;
  out[from - 2] = ((size >> 7) & 0x7f) | 0x80;
  out[from - 1] = size >> 14;
  pending += 1;
  spans += 1;
}

function nanos(tag, at) {
  const upper = Math.floor(at / 2 ** 32);
  const low = (at - upper * 2 ** 32) * 1000;
  out[end] = tag;
  out.writeUInt32LE(low % 2 ** 32, end + 1);
  out.writeUInt32LE(upper * 1000 + Math.floor(low / 2 ** 32), end + 5);
  end += 9;
}

/** The attributes that `write` writes, from the second time on as a copy. */
function copy(name, write) {
  const block = blocks.get(name);
  if (block !== undefined) {
    out.set(block, end);
    end += block.length;
    return;
  }
  const from = end;
  write();
  blocks.set(name, Buffer.from(out.subarray(from, end)));
}

function text(key, value) {
  const head = headOf(key);
  const size = value.length;
  keyValue(head, size + (size < 0x80 ? 2 : 3));
  out[end++] = 0x0a;
  chars(value);
}

function int(key, value) {
  const size = value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x20_0000 ? 3 : 4;
  keyValue(headOf(key), size + 1);
  out[end++] = 0x18;
  varint(value);
}

function double(key, value) {
  keyValue(headOf(key), 9);
  out[end] = 0x21;
  end = out.writeDoubleLE(value, end + 1);
}

function keyValue(head, size) {
  out[end++] = 0x4a;
  varint(head.length + (size < 0x80 ? 1 : 2) + size);
  for (let at = 0; at < head.length; at += 1) out[end++] = head[at];
  varint(size);
}

function headOf(key) {
  let head = keys.get(key);
  if (head === undefined) {
    head = Buffer.concat([Buffer.of(0x0a, key.length), Buffer.from(key), Buffer.of(0x12)]);
    keys.set(key, head);
  }
  return head;
}

/** All that the log's spans show is ASCII. */
function chars(value) {
  varint(value.length);
  for (let at = 0; at < value.length; at += 1) out[end++] = value.charCodeAt(at);
}

function varint(value) {
  let left = value;
  while (left > 0x7f) {
    out[end++] = (left & 0x7f) | 0x80;
    left >>>= 7;
  }
  out[end++] = left;
}

function micros(seconds) {
  return Math.round(seconds * 1e6);
}

function digest(of) {
  return hash('sha256', of, 'hex');
}

function spanIdOf(of) {
  return digest(`span\0${of}`).slice(0, 16);
}

/** Sends what is pending; waits while there are enough requests in flight. */
async function send() {
  if (pending === 0) return;
  const scope = Buffer.from(out.subarray(0, end));
  end = 0;
  pending = 0;
  const body = wrapped(0x0a, wrapped(0x12, scope));
  while (inFlight.size >= MOST_REQUESTS) await Promise.race(inFlight);
  const sent = post(body).finally(() => inFlight.delete(sent));
  inFlight.add(sent);
}

function wrapped(tag, inner) {
  const head = [tag];
  for (let left = inner.length; ; left >>>= 7) {
    head.push(left > 0x7f ? (left & 0x7f) | 0x80 : left);
    if (left <= 0x7f) break;
  }
  return Buffer.concat([Buffer.from(head), inner]);
}

function post(body) {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/x-protobuf', 'content-length': body.length };
    const sent = request(`${receiver}/v1/traces`, { method: 'POST', agent, headers });
    sent.on('response', (response) => response.resume().on('end', () => resolve(undefined)));
    sent.on('error', reject);
    sent.end(body);
  });
}
