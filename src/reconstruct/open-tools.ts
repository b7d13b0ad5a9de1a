/**
 * The open tool calls of a turn, found by what pairs them. A few are looked at one by one. Many have an index, so that the cost
 * of an event does not depend on how many are open; it stands beside the state and is made anew after a checkpoint.
 */
import type { ToolState, TurnState } from './state.ts';

interface OpenTools {
  /** By `tool_call_id`; those without one by name, and by name and arguments. Each group in order of start. */
  readonly groups: Map<string, Set<ToolState>>;
  readonly names: Set<string>;
}

const known = new WeakMap<readonly ToolState[], OpenTools>();
/** Up to this many open calls, or names, need no index. */
const FEW = 16;

/** The open calls with this id, in order of start. */
export function openById(turn: TurnState, toolCallId: string): Iterable<ToolState> {
  if (turn.tools.length <= FEW) return turn.tools.filter(({ span }) => span.toolCallId === toolCallId);
  return indexOf(turn).groups.get(idGroup(toolCallId)) ?? [];
}

/** The open calls of the tool that have no id yet; with a fingerprint those with these arguments. In order of start. */
export function openWithoutId(turn: TurnState, toolName: string, fingerprint?: number): Iterable<ToolState> {
  if (turn.tools.length > FEW) return indexOf(turn).groups.get(nameGroup(toolName, fingerprint)) ?? [];
  return turn.tools.filter(
    (tool) =>
      tool.span.toolCallId === undefined &&
      tool.span.toolName === toolName &&
      (fingerprint === undefined || tool.fingerprint === fingerprint),
  );
}

/** The open calls of the tool with these arguments that began without an id and have one by now. */
export function openNamedLater(turn: TurnState, toolName: string, fingerprint: number): Iterable<ToolState> {
  if (turn.tools.length > FEW) return indexOf(turn).groups.get(laterGroup(toolName, fingerprint)) ?? [];
  return turn.tools.filter(
    ({ key, span, fingerprint: own }) =>
      key === undefined && span.toolCallId !== undefined && span.toolName === toolName && own === fingerprint,
  );
}

export function addOpen(turn: TurnState, tool: ToolState): void {
  turn.tools.push(tool);
  join(known.get(turn.tools)?.groups, tool);
}

export function removeOpen(turn: TurnState, tool: ToolState): void {
  turn.tools.splice(turn.tools.indexOf(tool), 1);
  leave(known.get(turn.tools)?.groups, tool);
}

/** Removes and returns all of them. */
export function takeOpen(turn: TurnState): readonly ToolState[] {
  known.delete(turn.tools);
  return turn.tools.splice(0);
}

/** Changes what an open call is found by. */
export function changeOpen(turn: TurnState, tool: ToolState, change: () => void): void {
  const groups = known.get(turn.tools)?.groups;
  leave(groups, tool);
  change();
  join(groups, tool);
}

/** Adds the name of a tool to those of the turn, unless it is there. */
export function noteName(turn: TurnState, toolNames: string[], toolName: string): void {
  if (toolNames.length <= FEW) {
    if (!toolNames.includes(toolName)) toolNames.push(toolName);
    return;
  }
  const { names } = indexOf(turn);
  if (names.size !== toolNames.length) for (const name of toolNames) names.add(name);
  if (names.has(toolName)) return;
  names.add(toolName);
  toolNames.push(toolName);
}

function indexOf({ tools }: TurnState): OpenTools {
  const found = known.get(tools);
  if (found !== undefined) return found;
  const made: OpenTools = { groups: new Map(), names: new Set() };
  for (const tool of tools) join(made.groups, tool);
  known.set(tools, made);
  return made;
}

function join(groups: OpenTools['groups'] | undefined, tool: ToolState): void {
  if (groups === undefined) return;
  for (const name of groupsOf(tool)) {
    const group = groups.get(name);
    if (group === undefined) groups.set(name, new Set([tool]));
    else group.add(tool);
  }
}

function leave(groups: OpenTools['groups'] | undefined, tool: ToolState): void {
  if (groups === undefined) return;
  for (const name of groupsOf(tool)) {
    const group = groups.get(name);
    group?.delete(tool);
    if (group?.size === 0) groups.delete(name);
  }
}

function groupsOf({ span, key, fingerprint }: ToolState): readonly string[] {
  const { toolCallId, toolName } = span;
  if (toolCallId === undefined) return [nameGroup(toolName, undefined), nameGroup(toolName, fingerprint)];
  return key === undefined ? [idGroup(toolCallId), laterGroup(toolName, fingerprint)] : [idGroup(toolCallId)];
}

function idGroup(toolCallId: string): string {
  return `id\0${toolCallId}`;
}

function laterGroup(toolName: string, fingerprint: number): string {
  return `later\0${toolName}\0${fingerprint}`;
}

function nameGroup(toolName: string, fingerprint: number | undefined): string {
  return `name\0${toolName}\0${fingerprint ?? ''}`;
}
