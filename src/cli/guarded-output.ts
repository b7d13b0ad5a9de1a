/**
 * Output that gives no commands to a CI runner. GitHub obeys lines that begin with `::` and texts with `##[`, Azure texts with
 * `##vso[`, so a name or an error in a log could set variables or forge results. Everything that this program prints passes here.
 */
import type { Writable } from 'node:stream';

/** Invisible, but no runner reads over it. */
const JOINER = '\u200d';

const COMMAND_ANYWHERE = /(?<=##(?:vso)?)\[/gi;
/** `::` at the start of a line, also after blanks and colour codes. The match is the second colon. */
const COMMAND_AT_START = startOfLine('[\\n\\r\\v\\f\\u0085\\u2028\\u2029]', '\\s|\\ufeff');
/** The same in UTF-8 bytes, where a blank or a separator may be any sequence beyond ASCII. */
const COMMAND_AT_START_OF_BYTES = startOfLine('[\\n\\r\\v\\f\\x80-\\xff]', '[\\s\\x80-\\xff]');

function startOfLine(separator: string, blank: string): RegExp {
  return new RegExp(`(?<=(?:^|${separator})(?:${blank}|\\u001b\\[[\\d;]*[A-Za-z])*:):`, 'g');
}

/** What decides about the next write: the end of the last line so far. */
interface Line {
  text: string;
  isJson: boolean | undefined;
}

/** Longer than any command's beginning. Of a longer line only the end matters, which then is not its beginning. */
const KEPT_CHARS = 64;

/** The streams behind the guarded ones. */
const BARE = new WeakMap<Writable, Writable>();

/** The stream behind a guarded one, for the commands that this program gives a CI runner itself. */
export function bareOutput(stream: Writable): Writable {
  return BARE.get(stream) ?? stream;
}

/** @returns the same stream, but with texts changed by `write` where a runner would obey them */
export function guardedOutput<S extends Writable>(stream: S): S {
  const line: Line = { text: '', isJson: undefined };
  const guard = new Proxy(stream, {
    get(target, name) {
      if (name === 'write')
        return (chunk: string | Uint8Array, ...rest: []) => target.write(guarded(chunk, line), ...rest);
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
    set: (target, name, value) => Reflect.set(target, name, value),
  });
  BARE.set(guard, stream);
  return guard;
}

function guarded(chunk: string | Uint8Array, line: Line): string | Uint8Array {
  const isText = typeof chunk === 'string';
  // Every byte becomes a character of its own, so no character is cut in two.
  const text = isText
    ? chunk
    : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString('latin1');
  line.isJson ??= text.trim() === '' ? undefined : /^\s*[[{]/.test(text);
  const safe = withoutCommands(line, text, isText ? COMMAND_AT_START : COMMAND_AT_START_OF_BYTES);
  line.text = endOf(line.text + text);
  if (safe === text) return chunk;
  return isText ? safe : Buffer.from(safe.replaceAll(JOINER, JOINER_BYTES), 'latin1');
}

const JOINER_BYTES = Buffer.from(JOINER).toString('latin1');

/** The line so far has been written already; a command that begins in it is broken in `text`. */
function withoutCommands({ text: before, isJson }: Line, text: string, atStart: RegExp): string {
  const joined = before + text;
  if (!joined.includes('##') && !joined.includes('::')) return text;
  // To a reader of JSON, an escaped character is the same one.
  const broken = (found: string, at: number) => {
    if (at < before.length) return found;
    return isJson ? `\\u00${found.charCodeAt(0).toString(16)}` : `${JOINER}${found}`;
  };
  // Every replacement is in `text`, so what stands before it keeps its length.
  return (before + text).replace(COMMAND_ANYWHERE, broken).replace(atStart, broken).slice(before.length);
}

function endOf(text: string): string {
  const last = text.slice(Math.max(text.lastIndexOf('\n'), 0));
  return last.length <= KEPT_CHARS ? last : `x${last.slice(1 - KEPT_CHARS)}`;
}
