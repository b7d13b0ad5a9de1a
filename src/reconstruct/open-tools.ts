/**
 * The open tool calls of a turn, found by what pairs them, so that the cost of an event does not depend on how many calls are
 * open. It stands beside the state: a turn that comes from a checkpoint gets it anew from its list.
 */
import type { ToolState, TurnState } from './state.ts';

interface OpenTools {
  /** By `tool_call_id`; those without one by name, and by name and arguments. Each group in order of start. */
  readonly groups: Map<string, Set<ToolState>>;
  readonly names: Set<string>;
}

const known = new WeakMap<readonly ToolState[], OpenTools>();
const NONE: ReadonlySet<ToolState> = new Set();

/** The open calls with this id. */
export function openById(turn: TurnState, toolCallId: string): ReadonlySet<ToolState> {
  return openTools(turn).groups.get(idGroup(toolCallId)) ?? NONE;
}

/** The open calls of the tool that have no id yet; with a fingerprint those with these arguments. */
export function openWithoutId(
  turn: TurnState,
  toolName: string,
  fingerprint?: number,
): ReadonlySet<ToolState> {
  return openTools(turn).groups.get(nameGroup(toolName, fingerprint)) ?? NONE;
}

export function addOpen(turn: TurnState, tool: ToolState): void {
  const { groups } = openTools(turn);
  turn.tools.push(tool);
  join(groups, tool);
}

export function removeOpen(turn: TurnState, tool: ToolState): void {
  const { groups } = openTools(turn);
  turn.tools.splice(turn.tools.indexOf(tool), 1);
  leave(groups, tool);
}

/** Removes and returns all of them. */
export function takeOpen(turn: TurnState): readonly ToolState[] {
  known.delete(turn.tools);
  return turn.tools.splice(0);
}

/** Changes what an open call is found by. */
export function changeOpen(turn: TurnState, tool: ToolState, change: () => void): void {
  const { groups } = openTools(turn);
  leave(groups, tool);
  change();
  join(groups, tool);
}

/** Adds the name of a tool to those of the turn, unless it is there. */
export function noteName(turn: TurnState, toolNames: string[], toolName: string): void {
  const { names } = openTools(turn);
  if (names.size !== toolNames.length) for (const name of toolNames) names.add(name);
  if (names.has(toolName)) return;
  names.add(toolName);
  toolNames.push(toolName);
}

function openTools({ tools }: TurnState): OpenTools {
  const found = known.get(tools);
  if (found !== undefined) return found;
  const made: OpenTools = { groups: new Map(), names: new Set() };
  for (const tool of tools) join(made.groups, tool);
  known.set(tools, made);
  return made;
}

function join(groups: OpenTools['groups'], tool: ToolState): void {
  for (const name of groupsOf(tool)) {
    const group = groups.get(name);
    if (group === undefined) groups.set(name, new Set([tool]));
    else group.add(tool);
  }
}

function leave(groups: OpenTools['groups'], tool: ToolState): void {
  for (const name of groupsOf(tool)) {
    const group = groups.get(name);
    group?.delete(tool);
    if (group?.size === 0) groups.delete(name);
  }
}

function groupsOf({ span, fingerprint }: ToolState): readonly string[] {
  const { toolCallId, toolName } = span;
  return toolCallId === undefined
    ? [nameGroup(toolName, undefined), nameGroup(toolName, fingerprint)]
    : [idGroup(toolCallId)];
}

function idGroup(toolCallId: string): string {
  return `id\0${toolCallId}`;
}

function nameGroup(toolName: string, fingerprint: number | undefined): string {
  return `name\0${toolName}\0${fingerprint ?? ''}`;
}
