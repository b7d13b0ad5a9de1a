import { readFileSync } from 'node:fs';
import type { HookEvent } from '../../src/model/event.ts';
import type { JsonObject } from '../../src/model/json.ts';
import type { InputLine, LineDamage, ParsedLine } from '../../src/model/line.ts';
import { parseLine } from '../../src/parse/parse-line.ts';

export const AT = { source: 'log.ndjson', line: 7 };
/** The time that the envelopes below are stamped with. */
export const TS = 1_789_467_301.5;
export const TIME = 1_789_467_301_500_000;

export function lineOf(text: string, damage?: LineDamage): InputLine {
  return { ...AT, text, endOffsetBytes: 0, damage };
}

export function parse(text: string, content = false): ParsedLine {
  return parseLine(lineOf(text), { content });
}

/** The event in a line that has nothing odd about it. */
export function eventIn(text: string, content = false): HookEvent {
  const parsed = parse(text, content);
  if (parsed.kind !== 'event' || parsed.diagnostics.length > 0) throw new Error(JSON.stringify(parsed));
  return parsed.event;
}

/** The three envelopes, made from a hook's keyword arguments as Hermes (and a recorder) makes them. */
export const ENVELOPES = { flat, shell, webhook } as const;

export function flat(hook: string, args: JsonObject): string {
  return JSON.stringify({ ts: TS, event: hook, ...args });
}

export function shell(hook: string, args: JsonObject): string {
  return JSON.stringify({ ts: TS, pid: 17, ...shellBody(hook, args) });
}

export function webhook(hook: string, args: JsonObject): string {
  const delivery = { delivery_id: 'd3adb33f', timestamp: '2026-09-15T10:15:01.500000Z' };
  return JSON.stringify({ ...shellBody(hook, args), ...delivery });
}

function shellBody(hook: string, kwargs: JsonObject): JsonObject {
  const { tool_name, args, session_id, parent_session_id, profile, ...extra } = kwargs;
  return {
    hook_event_name: hook,
    tool_name: tool_name ?? null,
    tool_input: args ?? null,
    session_id: session_id || parent_session_id || '',
    cwd: '/home/user/project',
    // Newer builds only.
    ...(profile === undefined ? {} : { profile }),
    extra,
  };
}

/** The lines of a file in `test/parse/genuine`. */
export function genuine(name: string): string[] {
  const url = new URL(`./genuine/${name}.ndjson`, import.meta.url);
  return readFileSync(url, 'utf8').trimEnd().split('\n');
}
