/** Rows → turns: each from a user's message to the last row before the next one. Nothing here knows hooks or logs. */
import type { MessageRow, ToolCallRow } from '../model/database.ts';
import { append } from '../model/lists.ts';

/** A turn as its rows show it. */
export interface RowTurn {
  /** `undefined`: the turn began in the session that this one goes on from, or its first row is gone. */
  readonly user: MessageRow | undefined;
  readonly calls: RowCall[];
  /** The last row. */
  last: MessageRow;
  /** Hermes's own last word, where the model did not have it: "Operation interrupted." or a summary at the call limit. */
  notice: MessageRow | undefined;
  /** True after Hermes asked the model to sum up, as the turn had used up its calls. */
  exhausted: boolean;
}

/** An answer of the model, with the tools that it asked for. */
export interface RowCall {
  readonly row: MessageRow;
  readonly tools: RowTool[];
}

export interface RowTool {
  readonly call: ToolCallRow;
  result: MessageRow | undefined;
}

const EXHAUSTED = "You've reached the maximum number of tool-calling iterations";
/** What Hermes says to the model in a user's name, within a turn. `[System note:` opens turns. */
const NUDGES = [
  '[System: ',
  EXHAUSTED,
  'You just executed tool calls but returned an empty response',
  '[Your active task list was preserved across context compression]',
  'Continue from the compressed conversation context above.',
  '[IMPORTANT: MCP servers have been reloaded',
];
const INTERRUPTED = 'Operation interrupted';
/** Tools that Hermes did not run, by the result that it wrote for them. */
const NEVER_RAN = /^\[Tool execution (?:skipped|cancelled) —|^Tool '[^']*' does not exist/;
/** The model's answer, but not the end of the turn. */
const GOES_ON: ReadonlySet<string> = new Set([
  'length',
  'incomplete',
  'verification_required',
  'kanban_terminal_required',
]);
/** A message that failed at once was written twice by the gateway of 0.16. */
const DOUBLED_MICROS = 100_000;

export function wasInterrupted(turn: RowTurn): boolean {
  return turn.notice?.head.startsWith(INTERRUPTED) ?? false;
}

export function ran(tool: RowTool): boolean {
  return tool.result !== undefined && !NEVER_RAN.test(tool.result.head);
}

/** True when the row ends its turn, as far as one row shows. */
export function isFinal(row: MessageRow): boolean {
  return row.role === 'assistant' && row.toolCalls.length === 0 && !GOES_ON.has(row.finishReason ?? '');
}

/**
 * The turns of a session, in order of their first rows. `apiCalls`: how many answers Hermes counted, which decides about
 * answers that a gateway wrote without a reason.
 */
export function splitTurns(rows: readonly MessageRow[], apiCalls: number): readonly RowTurn[] {
  const split: Split = { rows, tools: pairResults(rows), turns: [], open: [] };
  for (const [index, row] of rows.entries()) {
    if (row.role === 'user') addUser(split, row, index);
    else if (row.role === 'assistant') addAnswer(split, row);
    else if (row.role === 'tool') addResult(split, row);
  }
  promoteAnswers(split.turns, apiCalls);
  return split.turns.map(({ turn }) => turn);
}

interface Split {
  readonly rows: readonly MessageRow[];
  readonly tools: ReadonlyMap<MessageRow, RowTool[]>;
  readonly turns: Tracked[];
  /** The turns that may still get rows, the latest last. */
  open: Tracked[];
}

interface Tracked {
  readonly turn: RowTurn;
  /** Id of the last result of the tools that its last answer asked for: after that the turn waits for an answer. */
  busyUntil: number;
  done: boolean;
}

function addUser(split: Split, row: MessageRow, index: number): void {
  const before = split.open.at(-1);
  if (isNudge(row)) {
    if (before !== undefined) addNudge(before.turn, row);
  } else if (row.forAgent) {
    split.open = stillOpen(split, index);
    const gone = before !== undefined && !split.open.includes(before);
    if (gone && split.turns.at(-1) === before && isDoubled(before.turn, row)) split.turns.pop();
    startTurn(split, row, row);
  }
}

function startTurn(split: Split, user: MessageRow | undefined, last: MessageRow): Tracked {
  const turn = { user, calls: [], last, notice: undefined, exhausted: false };
  const added = { turn, busyUntil: last.id, done: false };
  split.turns.push(added);
  split.open.push(added);
  return added;
}

function addResult({ open }: Split, row: MessageRow): void {
  for (const { turn } of open) {
    if (turn.calls.at(-1)?.tools.some(({ result }) => result === row)) turn.last = row;
  }
}

function isNudge(row: MessageRow): boolean {
  return NUDGES.some((nudge) => row.head.startsWith(nudge));
}

function addNudge(turn: RowTurn, row: MessageRow): void {
  turn.last = row;
  if (row.head.startsWith(EXHAUSTED)) turn.exhausted = true;
}

/** A user's message that was written twice, without an answer between. */
function isDoubled({ user, last }: RowTurn, row: MessageRow): boolean {
  if (user === undefined || last !== user || row.time - user.time > DOUBLED_MICROS) return false;
  return user.head === row.head && user.length === row.length && user.tail === row.tail;
}

/**
 * Each answer's tools with their results. A provider may use an id again: a result belongs to the last answer before it. So does
 * one whose call is in no row.
 */
function pairResults(rows: readonly MessageRow[]): ReadonlyMap<MessageRow, RowTool[]> {
  const tools = new Map<MessageRow, RowTool[]>();
  const asked = new Map<string, RowTool[]>();
  let answer: MessageRow | undefined;
  for (const row of rows) {
    if (row.role === 'assistant') answer = row;
    for (const call of row.toolCalls) {
      const tool: RowTool = { call, result: undefined };
      append(tools, row, tool);
      note(asked, tool);
    }
    if (row.role !== 'tool') continue;
    const tool = asked.get(row.toolCallId ?? '')?.findLast(({ result }) => result === undefined);
    if (tool !== undefined) tool.result = row;
    else if (answer !== undefined) append(tools, answer, { call: lostCall(row), result: row });
  }
  return tools;
}

function lostCall({ toolCallId: id, toolName: name = 'unknown' }: MessageRow): ToolCallRow {
  return { id, otherId: undefined, name, args: undefined };
}

function note(asked: Map<string, RowTool[]>, tool: RowTool): void {
  for (const id of new Set([tool.call.id, tool.call.otherId])) {
    if (id !== undefined) append(asked, id, tool);
  }
}

/**
 * The turns that go on beside the one which the user's message at `index` begins. A session of the API server runs turns
 * side by side; elsewhere a message that comes while a turn waits for its answer has ended that turn. The rows until
 * the next message show which it is: results of a tool still to come, or more answers than one turn has.
 */
function stillOpen({ open, rows, tools }: Split, index: number): Tracked[] {
  const waiting = open.filter(({ done }) => !done);
  if (waiting.length === 0) return [];
  const at = rows[index]?.id ?? 0;
  const next = rows.findIndex((row, place) => place > index && isUser(row));
  const until = rows.slice(index + 1, next < 0 ? rows.length : next);
  const more = extraAnswers(
    until.filter(({ role }) => role === 'assistant'),
    tools,
  );
  const waitForModel = waiting.filter(({ busyUntil }) => busyUntil < at);
  const alive = new Set(more === 0 ? [] : waitForModel.slice(-more));
  return waiting.filter((turn) => turn.busyUntil > at || alive.has(turn));
}

function isUser(row: MessageRow): boolean {
  return row.role === 'user' && row.forAgent && !isNudge(row);
}

/** How many turns beside one it takes to give these answers. */
function extraAnswers(answers: readonly MessageRow[], tools: Split['tools']): number {
  let busyUntil = 0;
  let together = 0;
  for (const row of answers) {
    if (row.id < busyUntil) together = 1;
    busyUntil = Math.max(busyUntil, lastResult(tools.get(row) ?? []));
  }
  return Math.max(together, answers.filter(isFinal).length - 1);
}

function lastResult(tools: readonly RowTool[]): number {
  return Math.max(0, ...tools.map(({ result }) => result?.id ?? 0));
}

/** The turn that an answer belongs to: of those that wait for one, the one that waits longest. */
function ownerOf(open: readonly Tracked[], row: MessageRow): Tracked | undefined {
  const [only] = open;
  if (open.length < 2) return only;
  const ready = open.filter(({ done, busyUntil }) => !done && busyUntil < row.id);
  ready.sort((a, b) => a.busyUntil - b.busyUntil);
  return ready[0] ?? open.at(-1);
}

function addAnswer(split: Split, row: MessageRow): void {
  const owner = ownerOf(split.open, row) ?? startTurn(split, undefined, row);
  const tools = split.tools.get(row) ?? [];
  const { turn } = owner;
  turn.last = row;
  owner.done = isFinal(row);
  owner.busyUntil = Math.max(row.id, lastResult(tools));
  if (row.finishReason !== undefined || tools.length > 0) turn.calls.push({ row, tools });
  else turn.notice = row;
}

/**
 * Counts texts without a finish reason as answers, as long as Hermes counted more answers than the rows have (the gateway of 0.16
 * writes some so), and in sessions imported from other agents, which have neither. Hermes's own texts are none.
 */
function promoteAnswers(turns: readonly Tracked[], apiCalls: number): void {
  const counted = turns.reduce((sum, { turn }) => sum + turn.calls.length, 0);
  const isImported = apiCalls === 0 && counted === 0;
  let missing = isImported ? Number.POSITIVE_INFINITY : apiCalls - counted;
  for (const { turn } of turns) {
    const { notice } = turn;
    if (missing <= 0) return;
    if (notice === undefined || turn.exhausted || turn.calls.length > 0 || wasInterrupted(turn)) continue;
    turn.calls.push({ row: notice, tools: [] });
    turn.notice = undefined;
    missing--;
  }
}

/**
 * True when the rows after the user's were written together, at the end of the turn: none comes more than a tenth of a second after
 * the one before. `undefined` when there are not two of them.
 */
export function writtenAtEnd(turn: RowTurn): boolean | undefined {
  const rows = turn.calls.flatMap(({ row, tools }) => [row, ...tools.map(({ result }) => result)]);
  const times = [...rows, turn.notice].filter((row) => row !== undefined).map(({ time }) => time);
  if (times.length < 2) return undefined;
  times.sort((a, b) => a - b);
  return times.every((time, index) => time - (times[index - 1] ?? time) <= WRITTEN_TOGETHER_MICROS);
}

/** Rows that were written together lie so near to each other. */
export const WRITTEN_TOGETHER_MICROS = 100_000;
