import type { FinishedSpan } from '../../src/model/sink.ts';
import { apiCall, approval, session, subagent, toolCall, turn, usage } from '../agent-spans.ts';
import { finished } from '../html/generate.ts';

/** Models whose names begin alike. */
const MODELS = ['anthropic/claude-sonnet-4-5', 'anthropic/claude-haiku-4-5'] as const;

/** Three sessions with content and costs, oldest first: a chat, a long one with idle hours, one that failed. */
export function talk(): readonly FinishedSpan[] {
  const chat = session({ at: [0, 9_000], sessionId: 'chat', model: MODELS[0] });
  const hello = turn({
    at: [10, 8_000],
    below: chat,
    index: 1,
    model: MODELS[0],
    userMessage: 'list the files',
    assistantResponse: 'There are two.',
  });
  const ask = apiCall({
    at: [20, 1_000],
    below: hello,
    model: MODELS[0],
    usage: usage(900, 40),
    cost: { usd: 0.012, source: 'test' },
    response: {
      id: undefined,
      upstreamProvider: undefined,
      messages: [{ role: 'assistant', parts: [{ kind: 'reasoning', text: 'I look.' }] }],
    },
  });
  const list = toolCall({
    at: [1_100, 2_000],
    below: hello,
    toolName: 'terminal',
    args: JSON.stringify({ command: 'ls -la' }),
    result: JSON.stringify({ output: Array.from({ length: 12 }, (_, line) => `file-${line}`).join('\n') }),
  });
  const granted = approval({
    at: [1_200, 1_500],
    below: list,
    command: 'ls -la',
    granted: true,
    choice: 'once',
  });
  const last = apiCall({
    at: [2_100, 7_900],
    below: hello,
    model: MODELS[1],
    usage: usage(1_000, 60),
    cost: { usd: 0.03, source: 'test' },
    response: {
      id: undefined,
      upstreamProvider: undefined,
      messages: [{ role: 'assistant', parts: [{ kind: 'text', text: 'There are two.' }] }],
    },
  });
  const spans = [ask, granted, list, last, hello, chat];
  return finished([...spans, ...longSession(), ...failedSession()]);
}

/** Five turns of two seconds each, with twelve seconds of idle time between them: never as long as 20 seconds. */
function longSession() {
  const long = session({ at: [100_000, 170_000], sessionId: 'long', platform: 'telegram', model: MODELS[0] });
  const turns = Array.from({ length: 5 }, (_, index) => {
    const start = 100_000 + index * 14_000;
    const one = turn({
      at: [start, start + 2_000],
      below: long,
      index: index + 1,
      model: MODELS[0],
      userMessage: `question ${index}`,
    });
    const delegate = toolCall({ at: [start + 100, start + 1_900], below: one, toolName: 'delegate_task' });
    const child = subagent({ at: [start + 200, start + 1_800], below: delegate, goal: 'count the files' });
    return [child, delegate, one];
  });
  return [...turns.flat(), long];
}

function failedSession() {
  const top = session({ at: [300_000, 302_000], sessionId: 'broken', model: MODELS[1] });
  const one = turn({
    at: [300_000, 302_000],
    below: top,
    index: 1,
    model: MODELS[1],
    userMessage: 'deploy it',
  });
  const failed = toolCall({
    at: [300_100, 301_000],
    below: one,
    toolName: 'terminal',
    args: JSON.stringify({ command: 'make deploy' }),
    status: 'error',
    errorMessage: 'exit code 2',
  });
  return [failed, one, top];
}
