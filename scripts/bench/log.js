/**
 * A log that no session ever wrote, in the shapes that genuine ones have: sessions of 1 to 6 turns that run beside each
 * other, calls that ask for parallel tools, flat and shell envelopes. The same arguments give the same bytes.
 */
import { once } from 'node:events';
import { createWriteStream, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

const MOST_AT_ONCE = 40;
/** A small log is of few sessions. */
const EVENTS_PER_SESSION = 35;
const START_SECONDS = 1_790_000_000;
const TOOLS = ['terminal', 'read_file', 'write_file', 'search_files', 'web_extract', 'todo'];
const MODELS = ['sample-large-1', 'sample-small-1'];
const API = {
  provider: 'custom',
  base_url: 'https://models.example.com/v1',
  api_mode: 'chat_completions',
};
/** One session in fifty speaks a language that Latin-1 has no letters for. */
const FOREIGN_SHARE = 0.02;
const BUFFERED_CHARS = 1 << 18;

/** Writes a log of about `events` lines (whole sessions) to `path`. @returns how many lines and spans it holds. */
export async function writeLog(path, events, seed = 1) {
  const world = { random: randomFrom(seed), seconds: START_SECONDS, events: 0, spans: 0 };
  await writeLines(path, interleaved(world, events));
  return { events: world.events, spans: world.spans };
}

const RAW = new URL('../../fixtures/raw/0.19.0/shell.ndjson.gz', import.meta.url);

/**
 * Writes a log of about `events` lines as a shell hook really writes it, with whole conversations: a genuine session, again
 * and again under other ids and at later times.
 */
export async function writeRawLog(path, events) {
  const lines = gunzipSync(readFileSync(RAW)).toString().trimEnd().split('\n');
  const bodies = lines.map((line) => JSON.parse(line));
  const id = bodies[0].session_id;
  const turns = new Set(bodies.map(({ extra }) => extra.turn_id).filter(Boolean)).size;
  const closed = bodies.filter(({ hook_event_name: hook }) =>
    /^post_(?:api_request|tool_call)$/.test(hook),
  ).length;
  const sessions = Math.ceil(events / lines.length);
  await writeLines(path, repeated());
  return { events: sessions * lines.length, spans: sessions * (1 + turns + closed) };

  function* repeated() {
    const seconds = bodies.at(-1).ts - bodies[0].ts + 1;
    for (let session = 0; session < sessions; session += 1) {
      const other = `${id.slice(0, -6)}${String(session).padStart(6, '0')}`;
      for (const line of lines)
        yield line
          .replaceAll(id, other)
          .replace(
            /"(ts|started_at|ended_at)": ?([\d.]+)/g,
            (_, key, at) => `"${key}":${Number(at) + session * seconds}`,
          );
    }
  }
}

/** Writes one turn whose tools are all open at once, each of another name. @returns see `writeLog` */
export async function writeWideTurn(path, tools) {
  const common = { session_id: 's', turn_id: 't', task_id: 's', model: MODELS[0], platform: 'cli' };
  let ts = START_SECONDS;
  const line = (event, fields) => {
    ts = round(ts + 0.001);
    return flat(ts, event, { ...common, ...fields });
  };
  const call = (number) => ({
    tool_name: `tool_${number}`,
    tool_call_id: `call_${number}`,
    args: { number },
  });
  await writeLines(path, all());
  return { events: 2 * tools + 3, spans: tools + 2 };

  function* all() {
    yield line('pre_llm_call', { is_first_turn: true });
    for (let number = 0; number < tools; number += 1) yield line('pre_tool_call', call(number));
    for (let number = tools - 1; number >= 0; number -= 1)
      yield line('post_tool_call', { ...call(number), status: 'ok', duration_ms: 1, result: '{}' });
    yield line('post_llm_call', {});
    yield line('on_session_finalize', { reason: 'shutdown' });
  }
}

async function writeLines(path, lines) {
  const out = createWriteStream(path);
  let text = '';
  for (const line of lines) {
    text += `${line}\n`;
    if (text.length < BUFFERED_CHARS) continue;
    if (!out.write(text)) await once(out, 'drain');
    text = '';
  }
  out.end(text);
  await once(out, 'finish');
}

function* interleaved(world, events) {
  const open = [];
  const atOnce = Math.min(MOST_AT_ONCE, Math.ceil(events / EVENTS_PER_SESSION));
  let sessions = 0;
  do {
    while (open.length < atOnce && world.events < events) {
      sessions += 1;
      open.push(sessionLines(world, sessions));
    }
    world.seconds += world.random() * 0.02;
    const at = Math.floor(world.random() * open.length);
    const next = open[at].next();
    if (next.done) open.splice(at, 1);
    else {
      world.events += 1;
      yield next.value;
    }
  } while (open.length > 0 || world.events < events);
}

function* sessionLines(world, number) {
  const { random } = world;
  const id = `20260921_${String(number % 1_000_000).padStart(6, '0')}_${hex(random, 6)}`;
  const model = pick(random, MODELS);
  const common = { session_id: id, model, platform: 'cli', telemetry_schema_version: 'hermes.observer.v1' };
  const envelope = random() < 0.5 ? flat : shell;
  const said =
    random() < FOREIGN_SHARE ? 'Прочти журнал и скажи, что в нём 🙂' : 'Read the log, say what it holds.';
  const session = {
    id,
    model,
    said,
    line: (event, fields) => envelope(round(world.seconds), event, { ...common, ...fields }),
  };
  const turns = 1 + Math.floor(random() * 6);
  world.spans += 1;
  yield session.line('on_session_start', {});
  for (let turn = 1; turn <= turns; turn += 1) yield* turnLines(world, session, turn === 1);
  yield session.line('on_session_finalize', { reason: 'shutdown' });
}

function* turnLines(world, { id, model, said, line }, first) {
  const { random } = world;
  const ids = { task_id: id, turn_id: `${id}:${id}:${hex(random, 8)}` };
  world.spans += 1;
  yield line('pre_llm_call', { ...ids, user_message: said, is_first_turn: first, sender_id: '' });
  const calls = 1 + Math.floor(random() * 4);
  for (let call = 1; call <= calls; call += 1) {
    const tools = call === calls ? 0 : 1 + Math.floor(random() * 3);
    const inCall = { ...ids, api_request_id: `${ids.turn_id}:api:${call}` };
    yield* callLines(world, line, { ...inCall, ...API, api_call_count: call }, { tools, model });
    yield* toolLines(world, line, inCall, { tools, said });
  }
  yield line('post_llm_call', { ...ids, user_message: said, assistant_response: `${said} `.repeat(8) });
  yield line('on_session_end', { ...ids, completed: true, interrupted: false });
}

function* callLines(world, line, ids, { tools, model }) {
  const { random } = world;
  const message_count = 2 * ids.api_call_count;
  const started_at = round(world.seconds + 0.001);
  world.spans += 1;
  yield line('pre_api_request', {
    ...ids,
    message_count,
    tool_count: 26,
    approx_input_tokens: 2_000 + message_count * 80,
    request_char_count: 9_000 + message_count * 320,
    max_tokens: null,
    started_at,
    middleware_trace: [],
  });
  const [input, output, cached] = [20_000, 900, 1_000].map((most) => Math.floor(random() * most));
  const usage = {
    input_tokens: input,
    output_tokens: output,
    cache_read_tokens: cached,
    cache_write_tokens: 0,
    reasoning_tokens: 0,
    request_count: 1,
    prompt_tokens: input + cached,
    total_tokens: input + cached + output,
  };
  yield line('post_api_request', {
    ...ids,
    api_duration: round(world.seconds - started_at),
    started_at,
    ended_at: round(world.seconds),
    finish_reason: tools > 0 ? 'tool_calls' : 'stop',
    message_count,
    response_model: `${model}-2026`,
    usage,
    assistant_content_chars: output * 4,
    assistant_tool_call_count: tools,
  });
}

/** All begin before any ends, and they end in another order. */
function* toolLines(world, line, ids, { tools, said }) {
  const { random } = world;
  const calls = Array.from({ length: tools }, () => ({
    tool_name: pick(random, TOOLS),
    args: { path: `notes/${hex(random, 6)}.md`, reason: said },
    ...ids,
    tool_call_id: `call_${hex(random, 24)}`,
  }));
  world.spans += tools;
  for (const call of calls) yield line('pre_tool_call', { ...call, middleware_trace: [] });
  for (const call of calls.reverse()) {
    yield line('post_tool_call', {
      ...call,
      result: JSON.stringify({ output: `${said} `.repeat(6), exit_code: 0, error: null }),
      duration_ms: Math.floor(random() * 900),
      status: 'ok',
      error_type: null,
      error_message: null,
      middleware_trace: [],
    });
  }
}

function flat(ts, event, fields) {
  return JSON.stringify({ ts, event, ...fields });
}

function shell(ts, event, { session_id, tool_name = null, args = null, ...extra }) {
  const body = {
    hook_event_name: event,
    tool_name,
    tool_input: args,
    session_id,
    cwd: '/home/user/project',
    extra,
  };
  return JSON.stringify({ ts, pid: 17, ...body });
}

function round(seconds) {
  return Math.round(seconds * 1e6) / 1e6;
}

function pick(random, list) {
  return list[Math.floor(random() * list.length)];
}

function hex(random, digits) {
  let text = '';
  while (text.length < digits)
    text += Math.floor(random() * 2 ** 24)
      .toString(16)
      .padStart(6, '0');
  return text.slice(0, digits);
}

/** Mulberry32: small, quick, the same everywhere. */
function randomFrom(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
