/**
 * What a line says about where it belongs, without parsing it: the values of its id fields, found in its text, at
 * whatever depth they stand. Inside a JSON string every quote is escaped, so what looks like a key is one. A key of an
 * argument that only looks like an id ties two sessions together that have nothing to do with each other: that costs
 * balance between those who share a log, and never a span.
 */

type Kind = 'id' | 'turn';

const FIELDS: ReadonlyMap<string, Kind> = new Map<string, Kind>([
  ['session_id', 'id'],
  ['parent_session_id', 'id'],
  ['child_session_id', 'id'],
  ['old_session_id', 'id'],
  ['new_session_id', 'id'],
  ['task_id', 'id'],
  ['turn_id', 'turn'],
]);

/** How the name of every such field ends. */
const NAME_END = '_id"';
const VALUE = /\s*:\s*"((?:[^"\\]|\\.)+)"/y;
/** A `turn_id` is `{session}:{task}:{8 hex}`. */
const TURN_TAIL = /:[0-9a-f]{8}$/;

/** Ids of sessions and tasks that belong together because this line names them; none when it names no id. */
export function lineKeys(text: string): readonly string[] {
  const keys: string[] = [];
  const turns: string[] = [];
  for (let end = text.indexOf(NAME_END); end >= 0; end = text.indexOf(NAME_END, end + NAME_END.length)) {
    const name = text.slice(text.lastIndexOf('"', end) + 1, end + NAME_END.length - 1);
    const kind = FIELDS.get(name);
    const value = kind === undefined ? undefined : valueAt(text, end + NAME_END.length);
    if (value === undefined) continue;
    const known = kind === 'turn' ? turns : keys;
    if (!known.includes(value)) known.push(value);
  }
  for (const turn of turns) addTurn(keys, turn);
  return keys;
}

/** The text behind a field's name; `undefined` when it is empty, or no text. */
function valueAt(text: string, at: number): string | undefined {
  // As every recorder writes it; whatever else JSON allows is left to the expression.
  const start = text.startsWith(': "', at) ? at + 3 : -1;
  const end = start < 0 ? -1 : text.indexOf('"', start);
  const plain = text.slice(start, end);
  if (end > start && !plain.includes('\\')) return plain;
  VALUE.lastIndex = at;
  const raw = VALUE.exec(text)?.[1];
  return raw?.includes('\\') ? unescaped(raw) : raw;
}

/** The session that a turn names, read both with and without knowing its task; the id itself when it has another form. */
function addTurn(keys: string[], turn: string): void {
  if (!TURN_TAIL.test(turn)) {
    keys.push(turn);
    return;
  }
  const head = turn.slice(0, -9);
  const task = keys.find((key) => head.length > key.length && head.endsWith(`:${key}`));
  if (task !== undefined) addSession(keys, head.slice(0, head.length - task.length - 1));
  addSession(keys, head.slice(0, head.lastIndexOf(':')), turn);
}

/** Hermes writes the word `session` when the session has no id; then the turn stands for itself. */
function addSession(keys: string[], session: string, turn = session): void {
  const key = session === '' || session === 'session' ? turn : session;
  if (!keys.includes(key)) keys.push(key);
}

function unescaped(raw: string): string {
  try {
    return String(JSON.parse(`"${raw}"`));
  } catch {
    return raw;
  }
}
