import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import type { AgentSpan } from '../src/model/span.ts';
import { replayText } from './replayed.ts';

// One run, recorded three times: a plugin inside the process, a command hook beside it, and outbound webhooks. The
// spans must be the same, but for the recorders' own stamps. A webhook has the body of the command hook.
const ROOT = new URL('../fixtures/recordings/', import.meta.url);

const RUNS = readdirSync(ROOT, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('shell.ndjson'))
  .map((file) => file.slice(0, -'/shell.ndjson'.length))
  .filter((name) => existsSync(new URL(`${name}/flat.ndjson`, ROOT)))
  .toSorted();

const read = (name: string) => readFileSync(new URL(name, ROOT), 'utf8');

/** The webhooks that the same run would have sent: an id for each delivery, and a time as text. */
function webhooksOf(shell: string): string {
  const lines = shell.split('\n').filter(Boolean);
  const deliveries = lines.map((line, index) => {
    const { ts, pid: _pid, ...body } = JSON.parse(line);
    const micros = Math.round(ts * 1e6);
    const timestamp = `${new Date(Math.floor(micros / 1000)).toISOString().slice(0, -1)}${String(micros % 1000).padStart(3, '0')}Z`;
    return JSON.stringify({ ...body, delivery_id: index.toString(16).padStart(32, '0'), timestamp });
  });
  return `${deliveries.join('\n')}\n`;
}

/** What a span says, without the recorder's stamps. Before 0.16 ids are named by time, so the tree is compared by names. */
function factsOf(spans: readonly AgentSpan[], withIds: boolean): string[] {
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  const facts = spans.map((span) => {
    const parent = span.parentSpanId === undefined ? undefined : byId.get(span.parentSpanId);
    const id = withIds && !isTimeNamed(span) ? [span.traceId, span.spanId, span.parentSpanId] : [];
    return JSON.stringify([nameOf(span), parent && nameOf(parent), span.incomplete, contentOf(span), id]);
  });
  return facts.toSorted();
}

/** Failures that Hermes gives no name but a time; approvals and nested tool calls that came without an id. */
function isTimeNamed(span: AgentSpan): boolean {
  if (span.kind === 'approval' || span.kind === 'tool_call') return span.toolCallId === undefined;
  return span.kind === 'api_call' && span.error?.type === '_OTHER';
}

function nameOf(span: AgentSpan): readonly unknown[] {
  switch (span.kind) {
    case 'turn':
      return [span.kind, span.sessionId, span.index, span.turnId];
    case 'api_call':
      return [span.kind, span.sessionId, span.model, span.callNumber, span.retryCount];
    case 'tool_call':
      return [span.kind, span.sessionId, span.toolName, span.toolCallId];
    case 'approval':
      return [span.kind, span.sessionId, span.surface, span.toolCallId];
    default:
      return [span.kind, span.sessionId];
  }
}

function contentOf(span: AgentSpan): readonly unknown[] {
  switch (span.kind) {
    case 'session':
      return [
        span.turnCount,
        span.apiCallCount,
        span.toolCallCount,
        span.tokens,
        span.completed,
        span.interrupted,
        span.endReason,
      ];
    case 'turn':
      return [
        span.apiCallCount,
        span.toolCallCount,
        span.tokens,
        span.finalStatus,
        span.background,
        span.toolOutcomes,
        span.model,
      ];
    case 'api_call':
      return [span.usage, span.finishReason, span.error, span.answered, span.background];
    case 'tool_call':
      return [span.status, span.errorType, span.errorMessage, span.durationMillis];
    case 'approval':
      return [span.choice, span.granted, span.decidedBy];
    case 'subagent':
      return [span.status, span.role, span.turnCount, span.tokens, span.childSessionId];
    case 'auxiliary_call':
      return [span.usage, span.auxTask];
    default:
      return span satisfies never;
  }
}

test('every run that has both recorders is compared', () => {
  expect(RUNS.length).toBeGreaterThan(50);
});

test.each(RUNS)('%s: a plugin, a command hook and webhooks give the same spans', (name) => {
  const shell = read(`${name}/shell.ndjson`);
  const withIds = !name.startsWith('0.14');
  const ofShell = factsOf(replayText(shell).spans, withIds);
  expect(factsOf(replayText(read(`${name}/flat.ndjson`)).spans, withIds)).toEqual(ofShell);
  expect(replayText(webhooksOf(shell)).spans).toEqual(replayText(shell).spans);
});
