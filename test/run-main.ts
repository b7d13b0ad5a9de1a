import { PassThrough, Readable } from 'node:stream';
import type { Io } from '../src/cli/io.ts';
import { main } from '../src/cli/main.ts';

export interface MainOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string | Readable;
  readonly cwd?: string;
  /** `undefined`: standard output is no terminal. */
  readonly columns?: number;
  /** Standard error is a terminal. */
  readonly errIsTerminal?: boolean;
  /** Gets what is written to standard error, as it comes. */
  readonly onError?: (text: string) => void;
  /** Gets hold of the listeners of a signal. */
  readonly onSignal?: (name: string, listener: () => void) => void;
}

export interface MainResult {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/**
 * `main` in this process, with nothing of this process's own: no environment, no terminal. A word such as
 * `HERMES_OTEL_CONCURRENCY=1` sets a variable, as in a shell.
 */
export async function runMain(argv: readonly string[], options: MainOptions = {}): Promise<MainResult> {
  const [words, env] = wordsAndVariables(argv);
  const { io, out, err } = testIo({ ...options, env: { ...options.env, ...env } });
  const code = await main(words, io);
  return { code, out: out(), err: err() };
}

/** A world of our own, and what was written to it so far. */
export function testIo(options: MainOptions = {}): {
  readonly io: Io;
  readonly out: () => string;
  readonly err: () => string;
} {
  const {
    env = {},
    stdin = '',
    cwd = '.',
    columns,
    errIsTerminal = false,
    onSignal = () => {},
    onError,
  } = options;
  const [stdout, stderr] = [gather(), gather()];
  if (onError !== undefined) stderr.stream.on('data', (chunk: Buffer) => onError(String(chunk)));
  const terminal = columns === undefined ? {} : { isTTY: true, columns };
  const io: Io = {
    env,
    stdin: typeof stdin === 'string' ? Readable.from(stdin === '' ? [] : [Buffer.from(stdin)]) : stdin,
    stdout: Object.assign(stdout.stream, terminal),
    stderr: Object.assign(stderr.stream, { isTTY: errIsTerminal }),
    pid: 0,
    cwd: () => cwd,
    kill: () => {},
    on: (name, listener) => onSignal(name, listener),
    off: () => {},
  };
  return { io, out: stdout.text, err: stderr.text };
}

function gather() {
  const stream = new PassThrough();
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  return { stream, text: () => Buffer.concat(chunks).toString('utf8') };
}

/** Words such as `NAME=value` apart from the others. */
export function wordsAndVariables(
  argv: readonly string[],
): readonly [words: readonly string[], env: Readonly<Record<string, string>>] {
  const isVariable = (word: string) => /^(HERMES|OTEL)_[A-Z_]+=/.test(word);
  const env = argv.filter(isVariable).map((word) => word.split('=', 2));
  return [argv.filter((word) => !isVariable(word)), Object.fromEntries(env)];
}
