/** Logs as the views see them: the shapes of genuine Hermes sessions, with rounded times. */
import type { AgentSpan } from '../../src/model/span.ts';
import {
  apiCall,
  approval,
  auxiliaryCall,
  session,
  subagent,
  toolCall,
  turn,
  usage,
} from '../agent-spans.ts';

/** Two turns: reads in parallel, one of which fails; then a gated command that is denied, and an interrupt. */
export function parallelReads(): readonly AgentSpan[] {
  const root = session({
    at: [0, 12_600],
    sessionId: '20261123_082014_82bfb7',
    completed: false,
    interrupted: true,
    turnCount: 2,
    apiCallCount: 3,
    toolCallCount: 5,
    tokens: usage(3670, 212, 9100),
    endReason: 'shutdown',
  });
  const first = turn({
    at: [15, 2350],
    below: root,
    apiCallCount: 2,
    toolCallCount: 4,
    tokens: usage(2400, 130, 9100),
  });
  const ask = apiCall({ at: [60, 470], below: first, usage: usage(1200, 90), finishReason: 'tool_calls' });
  const second = turn({
    at: [5464, 12_400],
    below: root,
    index: 2,
    apiCallCount: 1,
    toolCallCount: 1,
    tokens: usage(1270, 82),
    finalStatus: 'interrupted',
    interrupted: true,
  });
  const gated = toolCall({
    at: [5685, 8170],
    below: second,
    status: 'blocked',
    errorType: 'approval_denied',
  });
  return [
    ask,
    toolCall({
      at: [586, 695],
      below: first,
      toolName: 'read_file',
      status: 'error',
      errorType: 'tool_error',
      errorMessage: 'File not found: notes/2026 plan.md',
    }),
    toolCall({ at: [525, 705], below: first, toolName: 'read_file' }),
    toolCall({ at: [574, 749], below: first, toolName: 'search_files' }),
    toolCall({ at: [1058, 1169], below: first, toolName: 'read_file' }),
    apiCall({
      at: [2201, 2305],
      below: first,
      usage: usage(1200, 40, 9100),
      finishReason: 'stop',
      callNumber: 2,
    }),
    first,
    auxiliaryCall({ at: [2360, 2900], below: root, usage: usage(180, 9), finishReason: 'stop' }),
    apiCall({ at: [5499, 5659], below: second, usage: usage(1270, 82), finishReason: 'tool_calls' }),
    approval({
      at: [5702, 5720],
      below: gated,
      surface: 'smart',
      choice: undefined,
      granted: undefined,
      incomplete: 'next_call',
    }),
    approval({ at: [5720, 8159], below: gated, choice: 'deny', granted: false }),
    gated,
    apiCall({ at: [8200, 12_300], below: second, callNumber: 2, answered: false, incomplete: 'turn_end' }),
    second,
    root,
  ];
}

/** Three attempts at a call, a failed turn, and a log that ends in the middle of the next. */
export function failing(): readonly AgentSpan[] {
  const root = session({
    at: [0, 9000],
    sessionId: '20261123_082500_c0ffee',
    completed: undefined,
    interrupted: undefined,
    incomplete: 'end_of_input',
    turnCount: 2,
    apiCallCount: 2,
    toolCallCount: 1,
    model: 'gpt-5.2-codex',
    tokens: usage(900, 33),
  });
  const first = turn({
    at: [20, 7100],
    below: root,
    model: 'gpt-5.2-codex',
    apiCallCount: 1,
    finalStatus: 'failed',
    completed: false,
    failed: true,
    exitReason: 'api_retries_exhausted',
  });
  const second = turn({
    at: [8000, 9000],
    below: root,
    index: 2,
    model: 'gpt-5.2-codex',
    apiCallCount: 1,
    toolCallCount: 1,
    tokens: usage(900, 33),
    finalStatus: 'incomplete',
    completed: undefined,
    interrupted: undefined,
    incomplete: 'end_of_input',
  });
  const overloaded = {
    type: 'InternalServerError',
    message: "Error code: 503 - {'error': {'message': 'overloaded', 'type': 'server_error'}}",
    statusCode: 503,
    reason: 'overloaded',
    retryable: true,
    maxRetries: 3,
  };
  const attempt = (retryCount: number, at: readonly [number, number]) =>
    apiCall({ at, below: first, model: 'gpt-5.2-codex', retryCount, error: overloaded });
  return [
    attempt(0, [40, 480]),
    attempt(1, [2480, 2700]),
    attempt(2, [6700, 7000]),
    first,
    apiCall({
      at: [8020, 8400],
      below: second,
      model: 'gpt-5.2-codex',
      usage: usage(900, 33),
      finishReason: 'tool_calls',
    }),
    toolCall({
      at: [8450, 9000],
      below: second,
      toolName: 'execute_code',
      status: undefined,
      incomplete: 'end_of_input',
    }),
    second,
    root,
  ];
}

/** A delegation that outlives its turn, a nested tool, and a background review that overlaps the next turn. */
export function delegating(): readonly AgentSpan[] {
  const root = session({
    at: [0, 8153],
    sessionId: '20261123_081857_bc42e2',
    turnCount: 2,
    apiCallCount: 3,
    toolCallCount: 1,
    tokens: usage(2100, 150),
    endReason: 'shutdown',
  });
  const first = turn({
    at: [19, 998],
    below: root,
    apiCallCount: 2,
    toolCallCount: 1,
    tokens: usage(1500, 110),
  });
  const delegate = toolCall({ at: [570, 740], below: first, toolName: 'delegate_task' });
  const child = subagent({
    at: [719, 4505],
    below: delegate,
    childSessionId: '20261123_081903_6085f4',
    apiCallCount: 1,
    toolCallCount: 1,
    tokens: usage(700, 60),
  });
  const childTurn = turn({
    at: [813, 4462],
    below: { ...child, sessionId: '20261123_081903_6085f4' },
    inSubagent: true,
    platform: 'subagent',
    apiCallCount: 1,
    toolCallCount: 1,
    tokens: usage(700, 60),
  });
  const review = turn({
    at: [4103, 7000],
    below: root,
    index: undefined,
    background: true,
    apiCallCount: 1,
    toolCallCount: 0,
    tokens: usage(2600, 45, 3000),
  });
  const second = turn({ at: [4651, 5001], below: root, index: 2, apiCallCount: 1, tokens: usage(600, 40) });
  return [
    apiCall({ at: [48, 547], below: first, usage: usage(700, 60), finishReason: 'tool_calls' }),
    delegate,
    apiCall({ at: [790, 956], below: first, usage: usage(800, 50), finishReason: 'stop', callNumber: 2 }),
    first,
    apiCall({ at: [848, 996], below: childTurn, usage: usage(700, 60), finishReason: 'tool_calls' }),
    toolCall({ at: [1014, 4254], below: childTurn }),
    childTurn,
    child,
    apiCall({ at: [4716, 4948], below: second, usage: usage(600, 40), finishReason: 'stop' }),
    second,
    apiCall({
      at: [4128, 6756],
      below: review,
      usage: usage(2600, 45, 3000),
      finishReason: 'stop',
      background: true,
    }),
    review,
    root,
  ];
}

/** Names and messages that try to leave their row. */
export function hostile(): readonly AgentSpan[] {
  const evil = '\u001b[31m\u009b2J\r\n├─ turn 99\u202e\u2028<script>|`x`|\t\0';
  const root = session({ at: [0, 100], sessionId: `s${evil}`, model: evil, platform: evil, endReason: evil });
  const only = turn({
    at: [0, 90],
    below: root,
    model: evil,
    userMessage: evil,
    finalStatus: 'failed',
    exitReason: evil,
  });
  const error = {
    type: evil,
    message: `${evil}${'日本👩‍👩‍👧\u0301'.repeat(500)}`,
    statusCode: 500,
    reason: undefined,
    retryable: undefined,
    maxRetries: undefined,
  };
  return [
    apiCall({ at: [1, 9], below: only, model: evil, error }),
    toolCall({ at: [10, 19], below: only, toolName: evil, status: 'error', errorType: evil, args: evil }),
    toolCall({ at: [20, 29], below: only, toolName: '__proto__' }),
    approval({ at: [30, 39], below: only, surface: evil, choice: evil, command: evil }),
    subagent({ at: [40, 49], below: only, role: evil, status: evil, goal: evil, childSessionId: evil }),
    auxiliaryCall({ at: [50, 59], below: only, auxTask: evil, finishReason: evil }),
    only,
    root,
  ];
}

/** Names of every width: wide, combining, emoji of several code points, right to left, and escapes that are none. */
const SCRIPTS = [
  'read_file',
  '読み取り',
  '파일_읽기',
  'cafe\u0301',
  '👩‍👩‍👧👍🏽🇩🇪',
  'קרא_קובץ',
  'اقرأ',
  'ไฟล์',
  '\u001b[31mred\u001b[0m',
  'safe\u202etxt.exe',
  '表'.repeat(40),
] as const;

export function manyScripts(): readonly AgentSpan[] {
  const root = session({ at: [0, 12_000], sessionId: '会議🚀', model: 'モデル', platform: 'cli' });
  const only = turn({
    at: [0, 12_000],
    below: root,
    model: 'モデル',
    userMessage: '日本語👍のメッセージ'.repeat(5),
  });
  return [
    ...SCRIPTS.map((toolName, index) =>
      toolCall({
        at: [index * 1000, index * 1000 + 900],
        below: only,
        toolName,
        args: `{"path":"${toolName}"}`,
      }),
    ),
    apiCall({ at: [11_000, 11_900], below: only, model: 'モデル', usage: usage(1200, 80) }),
    only,
    root,
  ];
}
