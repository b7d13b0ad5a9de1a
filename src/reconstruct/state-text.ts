/** The state as text and back, for a checkpoint. Content is in it only when it was asked for. */
import { fingerprintOf } from './fingerprint.ts';
import type { ReconstructOptions } from './options.ts';
import { createState, type State, type Waiting } from './state.ts';

/** Changes whenever a field of `State` changes its meaning: a state of another number cannot be read. */
export const STATE_FORMAT = 2;

/** A map among JSON's objects. No record of the state has a field of this name. */
const MAP = '$map';

/** JSON. The options are not in it: functions cannot be written down, and the caller knows them. */
export function stateToText(state: State): string {
  const { options, waiting, waitingFrom, ...rest } = state;
  const events = waiting.slice(waitingFrom).map((event) => (options.content ? event : withoutArgs(event)));
  // A text of its own: what a log holds must not be taken for a map of ours.
  return JSON.stringify({ ...rest, waiting: JSON.stringify(events) }, (_key, value: unknown) =>
    value instanceof Map ? { [MAP]: [...value] } : value,
  );
}

/** The state that `stateToText` wrote, to go on with. The caller vouches for where the text comes from. */
export function stateFromText(text: string, options: ReconstructOptions): State {
  const { waiting, ...rest } = JSON.parse(text, (_key, value) =>
    Array.isArray(value?.[MAP]) ? new Map(value[MAP]) : value,
  );
  return { ...createState(options), ...rest, waiting: JSON.parse(waiting) };
}

/** Calls without ids are paired by the fingerprint of their arguments; nothing else of them is needed. */
function withoutArgs(event: Waiting): Waiting {
  if (event.hook !== 'pre_tool_call' && event.hook !== 'post_tool_call') return event;
  return { ...event, args: fingerprintOf(event.args) };
}
