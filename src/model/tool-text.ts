/** What people read of content: tool calls as they would write them, results as a terminal shows them, first words. */
import { isJsonObject, type JsonObject, parseJson } from './json.ts';
import { cut } from './safe-text.ts';

const SHELLS: ReadonlySet<string> = new Set(['terminal', 'bash', 'shell']);
const MAX_ARGUMENT_CHARS = 200;
const MAX_FIRST_WORDS_CHARS = 40;

/** `$ ls -la`, `read_file README.md`, `todo`. `args` is JSON; other text follows the name as it is. */
export function toolLine(toolName: string, args: string | undefined): string {
  if (args === undefined) return toolName;
  const value = parsed(args);
  const { command } = value ?? {};
  if (SHELLS.has(toolName) && typeof command === 'string') return `$ ${command}`;
  const argument = value === undefined ? args : mainArgument(value);
  return argument === '' ? toolName : `${toolName} ${argument}`;
}

/** The first argument that is a short text in one line. */
function mainArgument(args: JsonObject): string {
  const texts = Object.values(args).filter((value) => typeof value === 'string');
  return texts.find((text) => text.length <= MAX_ARGUMENT_CHARS && !text.includes('\n')) ?? '';
}

/** The text in the result of one of Hermes's tools, which is JSON with an `output` or a `content`; else all of it. */
export function resultText(result: string): string {
  const value = parsed(result);
  if (value === undefined) return result;
  const { output, content, error } = value;
  const text = [output, content].find((each) => typeof each === 'string' && each !== '');
  const parts = [text, error].filter((each) => typeof each === 'string' && each !== '');
  return parts.length === 0 && output === undefined ? result : parts.join('\n').trimEnd();
}

/** The beginning of a text in one line, cut at a word. `undefined` for an empty text. */
export function firstWords(text: string | undefined): string | undefined {
  const words = cut(text ?? '', 10 * MAX_FIRST_WORDS_CHARS)
    .trim()
    .split(/\s+/);
  let line = words.shift() ?? '';
  for (const word of words) {
    if (line.length + word.length + 1 > MAX_FIRST_WORDS_CHARS) return `${line}…`;
    line += ` ${word}`;
  }
  if (line.length > MAX_FIRST_WORDS_CHARS) return `${cut(line, MAX_FIRST_WORDS_CHARS)}…`;
  return line === '' ? undefined : line;
}

/** `undefined` for what is not a JSON object, such as a cut one. */
function parsed(json: string): JsonObject | undefined {
  if (!json.startsWith('{')) return undefined;
  const value = parseJson(json);
  return isJsonObject(value) ? value : undefined;
}
