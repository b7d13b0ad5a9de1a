import { readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import type { AgentSpan } from '../../src/model/span.ts';
import { type FlatEvent, replayText } from '../replayed.ts';
import { ofKind } from './events.ts';

// Genuine logs of gateways, API servers, cron and ACP, judged by the hooks themselves and by Hermes's own database.
const GATEWAY = new URL('../../fixtures/gateway/', import.meta.url);

interface SessionFacts {
  readonly id: string;
  readonly api_call_count: number;
  readonly input_tokens: number;
  readonly output_tokens: number;
  readonly cache_read_tokens: number;
}

const FACTS: Record<string, Record<string, SessionFacts[]>> = JSON.parse(
  readFileSync(new URL('sessions.json', GATEWAY), 'utf8'),
);

const LOGS = ['0.16.0', '0.19.0'].flatMap((version) =>
  readdirSync(new URL(`${version}/`, GATEWAY)).map((file) => `${version}/${file.replace('.ndjson.gz', '')}`),
);

function readLog(name: string) {
  const text = gunzipSync(readFileSync(new URL(`${name}.ndjson.gz`, GATEWAY))).toString();
  const events: FlatEvent[] = text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
  return { events, ...replayText(text) };
}

const micros = (seconds: number) => Math.round(seconds * 1e6);

test('all logs are here', () => {
  expect(LOGS).toHaveLength(41);
});

describe.each(LOGS)('%s', (name) => {
  const { events, spans, lines, others } = readLog(name);
  const turns = new Map(ofKind(spans, 'turn').map((span) => [span.turnId, span]));
  const byId = new Map(spans.map((span) => [span.spanId, span]));

  test('every line is accounted for, ids are unique, and parents are there', () => {
    expect(Object.values(lines).reduce((sum, count) => sum + count, others)).toBe(events.length);
    expect([lines.unplaced, byId.size]).toEqual([0, spans.length]);
    expect(spans.filter(({ parentSpanId }) => parentSpanId !== undefined && !byId.has(parentSpanId))).toEqual(
      [],
    );
  });

  test('every turn has its own end, and only a turn without one is cut off', () => {
    const own = (hook: string) =>
      new Map(events.filter(({ event }) => event === hook).map((event) => [event.turn_id, event]));
    const [answers, ends] = [own('post_llm_call'), own('on_session_end')];
    for (const [turnId, span] of turns) {
      const end = ends.get(turnId);
      const answer = answers.get(turnId) ?? end;
      const shown = [span.incomplete === undefined, span.completed, span.interrupted];
      if (end !== undefined)
        expect([turnId, ...shown]).toEqual([turnId, true, end.completed, end.interrupted]);
      else
        expect([turnId, span.incomplete !== undefined || span.finalStatus === 'failed']).toEqual([
          turnId,
          true,
        ]);
      if (answer !== undefined) expect([turnId, span.endTime]).toEqual([turnId, micros(answer.ts)]);
    }
  });

  test('every tool call is as long as its hooks say', () => {
    const tools = ofKind(spans, 'tool_call');
    for (const post of events.filter(({ event }) => event === 'post_tool_call')) {
      const pre = events.find(
        (other) =>
          other.event === 'pre_tool_call' &&
          other.tool_call_id === post.tool_call_id &&
          other.turn_id === post.turn_id,
      );
      const [span, ...more] = tools.filter(
        ({ toolCallId, apiRequestId }) =>
          toolCallId === post.tool_call_id && apiRequestId === post.api_request_id,
      );
      expect([post.tool_call_id, more.length, span?.endTime]).toEqual([
        post.tool_call_id,
        0,
        micros(post.ts),
      ]);
      if (pre !== undefined)
        expect([post.tool_call_id, span?.startTime]).toEqual([post.tool_call_id, micros(pre.ts)]);
    }
  });

  test('calls and tokens of every session are those of the database', () => {
    const [version = '', scenario = ''] = name.split('/');
    const shown = sumsBySession(spans);
    for (const row of FACTS[version]?.[scenario] ?? []) {
      const facts = [row.api_call_count, row.input_tokens, row.output_tokens, row.cache_read_tokens];
      expect([row.id, shown.get(row.id) ?? [0, 0, 0, 0]]).toEqual([row.id, facts]);
    }
  });

  test('a session says how it ended: by the finalize after its last turn began', () => {
    const ofReview = new Set(ofKind(spans, 'turn').flatMap((span) => (span.background ? [span.turnId] : [])));
    for (const session of ofKind(spans, 'session')) {
      const isStart = (event: FlatEvent) =>
        event.event === 'pre_llm_call' &&
        event.session_id === session.sessionId &&
        !ofReview.has(event.turn_id as never);
      const after = events.slice(events.findLastIndex(isStart) + 1);
      const end = after.find(
        (event) =>
          (event.event === 'on_session_finalize' && event.session_id === session.sessionId) ||
          (event.event === 'on_session_reset' && event.old_session_id === session.sessionId),
      );
      expect([session.sessionId, session.endReason]).toEqual([session.sessionId, end?.reason]);
      if (end !== undefined) expect(session.endTime).toBeGreaterThanOrEqual(micros(end.ts));
    }
  });

  test('every answer to an approval is in one span, which is whole', () => {
    const answers = events.filter(({ event }) => event === 'post_approval_response');
    const shown = ofKind(spans, 'approval').filter(({ choice }) => choice !== undefined);
    const facts = shown.map((span) => [span.choice, span.surface, span.endTime, span.incomplete]);
    expect(facts.toSorted()).toEqual(
      answers.map((event) => [event.choice, event.surface, micros(event.ts), undefined]).toSorted(),
    );
  });

  test('every sub-agent that stops is one span, and the turns of its session are below it', () => {
    const stops = events.filter(({ event }) => event === 'subagent_stop');
    const subagents = ofKind(spans, 'subagent').filter(({ incomplete }) => incomplete === undefined);
    expect(subagents.map(({ childSessionId, endTime }) => [childSessionId, endTime]).toSorted()).toEqual(
      stops.map((event) => [event.child_session_id, micros(event.ts)]).toSorted(),
    );
    for (const { childSessionId, spanId } of subagents) {
      const inside = ofKind(spans, 'turn').filter(({ sessionId }) => sessionId === childSessionId);
      expect([childSessionId, inside.length > 0]).toEqual([childSessionId, true]);
      expect(inside.filter(({ parentSpanId }) => parentSpanId !== spanId)).toEqual([]);
    }
  });

  test('what is inside a turn lies inside it, and turns lie inside their session', () => {
    for (const span of spans) {
      const parent = span.parentSpanId === undefined ? undefined : byId.get(span.parentSpanId);
      if (parent === undefined || !mustContain(parent, span)) continue;
      const name = `${span.kind} ${span.spanId} in ${parent.kind} ${parent.spanId}`;
      expect([name, span.startTime >= parent.startTime, span.endTime <= parent.endTime]).toEqual([
        name,
        true,
        true,
      ]);
    }
  });
});

/** Calls, uncached input, output and cached input of the answered calls that are not of a review. */
function sumsBySession(spans: readonly AgentSpan[]): Map<string, number[]> {
  const sums = new Map<string, number[]>();
  for (const { sessionId, background, answered, usage } of ofKind(spans, 'api_call')) {
    if (background || !answered) continue;
    const [calls = 0, input = 0, output = 0, cached = 0] = sums.get(sessionId) ?? [];
    const { inputTokens = 0, outputTokens = 0, cacheReadTokens = 0 } = usage ?? {};
    sums.set(sessionId, [calls + 1, input + inputTokens, output + outputTokens, cached + cacheReadTokens]);
  }
  return sums;
}

/** Sub-agents, reviews and the sessions of rotations outlive what they hang below. */
function mustContain(parent: AgentSpan, span: AgentSpan): boolean {
  if (span.kind === 'subagent' || span.kind === 'session' || (span.kind === 'turn' && span.background))
    return false;
  return parent.kind === 'turn' || parent.kind === 'session' || parent.kind === 'subagent';
}
