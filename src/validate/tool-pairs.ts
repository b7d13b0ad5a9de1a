/**
 * Started and ended tool calls. Matched by call id; where the start has none (the agent loop's own start before 0.16,
 * nested `execute_code` calls always), by task and name, the oldest first.
 */
import type { HookEvent, PostToolCall, PreToolCall } from '../model/event.ts';
import { nameIn } from './name.ts';
import { type LintState, note, type StartedTool, type ToolsSeen } from './state.ts';

export function checkTool(state: LintState, event: HookEvent): void {
  if (event.hook === 'pre_tool_call') start(state, event);
  if (event.hook === 'post_tool_call') end(state, event);
}

export function finishTools(state: LintState): void {
  const { byId, withoutId } = state.tools;
  for (const started of [...byId.values(), ...[...withoutId.values()].flat()]) noteUnended(state, started);
}

function start(state: LintState, event: PreToolCall): void {
  const { byId, withoutId } = state.tools;
  const args = JSON.stringify(event.args) ?? '';
  const started = { place: { source: event.source, line: event.line, detail: nameIn(event.toolName) }, args };
  const id = idOf(event);
  if (id === undefined) {
    const queue = withoutId.get(nameKey(event)) ?? [];
    queue.push(started);
    withoutId.set(nameKey(event), queue);
    return;
  }
  dropDoubleFire(state, event, args);
  const before = byId.get(id);
  if (before !== undefined) noteUnended(state, before);
  byId.set(id, started);
}

/** Hermes 0.10 and 0.11 fire twice for one call: first without ids, then with them. */
function dropDoubleFire(state: LintState, event: PreToolCall, args: string): void {
  const queue = state.tools.withoutId.get(nameKey(event));
  const at = queue?.findIndex((started) => started.args === args) ?? -1;
  if (at === -1) return;
  queue?.splice(at, 1);
  note(state, 'tool-double-fire', 'pre_tool_call again, now with ids', event, nameIn(event.toolName));
}

function end(state: LintState, event: PostToolCall): void {
  const { ended } = state.tools;
  const id = idOf(event);
  const started = takeStart(state.tools, event, id);
  if (id !== undefined && started === undefined && ended.has(id)) {
    note(
      state,
      'tool-ended-twice',
      'post_tool_call for a call that had ended',
      event,
      nameIn(event.toolName),
    );
  } else if (started === undefined) {
    note(state, 'tool-unstarted', 'post_tool_call without its pre_tool_call', event, nameIn(event.toolName));
  }
  if (id !== undefined) ended.add(id);
}

function takeStart(
  { byId, withoutId }: ToolsSeen,
  event: PostToolCall,
  id: string | undefined,
): StartedTool | undefined {
  const started = id === undefined ? undefined : byId.get(id);
  if (id !== undefined && started !== undefined) {
    byId.delete(id);
    return started;
  }
  return withoutId.get(nameKey(event))?.shift();
}

function noteUnended(state: LintState, { place }: StartedTool): void {
  note(state, 'tool-unended', 'pre_tool_call without its post_tool_call', place, place.detail);
}

/** Some providers use an id again in another turn. */
function idOf({ toolCallId, turnId, taskId }: PreToolCall | PostToolCall): string | undefined {
  return toolCallId === undefined ? undefined : `${turnId ?? taskId} ${toolCallId}`;
}

/** Start and end may differ in the ids they have, never in the task. */
function nameKey({ taskId, sessionId, toolName }: PreToolCall | PostToolCall): string {
  return `${taskId ?? sessionId} ${toolName}`;
}
