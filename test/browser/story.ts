import type { FinishedSpan } from '../../src/model/sink.ts';
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
import { finished } from '../html/generate.ts';

/** Two small sessions with one of everything, distinguished by what their spans are called. */
export function story(): readonly FinishedSpan[] {
  const first = session({ at: [0, 60_000], sessionId: 'first', platform: 'cli', model: 'big-model' });
  const one = turn({ at: [10, 9_000], below: first, index: 1 });
  const two = turn({ at: [20_000, 50_000], below: first, index: 2 });
  const call = apiCall({
    at: [20, 2_000],
    below: one,
    model: 'big-model',
    usage: usage(1_200, 80, 600),
    timeToFirstChunkMicros: 500_000,
  });
  const read = toolCall({ at: [2_010, 2_400], below: one, toolName: 'read_file' });
  const failed = toolCall({
    at: [2_020, 4_000],
    below: one,
    toolName: 'terminal',
    toolCallId: 'call_needle',
    status: 'error',
    errorType: 'exit_code',
    errorMessage: 'exit code 2',
  });
  const asked = approval({ at: [2_030, 3_000], below: failed });
  const delegate = toolCall({ at: [20_100, 40_000], below: two, toolName: 'delegate_task' });
  const child = subagent({ at: [20_200, 39_000], below: delegate, role: 'researcher' });
  const childTurn = turn({ at: [20_300, 38_000], below: child, index: 1 });
  const search = toolCall({ at: [21_000, 24_000], below: childTurn, toolName: 'web_search' });
  const cut = apiCall({ at: [41_000, 50_000], below: two, model: 'big-model', incomplete: 'end_of_input' });
  const title = auxiliaryCall({ at: [40_100, 40_900], below: two });
  const second = session({ at: [200_000, 260_000], sessionId: 'second', platform: 'telegram' });
  const other = turn({ at: [200_010, 259_000], below: second, index: 1 });
  const lone = toolCall({ at: [201_000, 202_000], below: other, toolName: 'todo' });
  const spans = [call, read, asked, failed, one, search, childTurn, child, delegate, title, cut, two, first];
  return finished([...spans, lone, other, second]);
}

/** The span of the story whose name is this, and its id. */
export function idOf(spans: readonly FinishedSpan[], name: string): string {
  const found = spans.find(({ otel }) => otel.name === name);
  if (found === undefined) throw new Error(`no span is named ${name}`);
  return found.otel.spanId;
}
