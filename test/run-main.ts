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
  /** Gets hold of the listeners of a signal. */
  readonly onSignal?: (name: string, listener: () => void) => void;
}

export interface MainResult {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** `main` in this process, with nothing of this process's own: no environment, no terminal. */
export async function runMain(argv: readonly string[], options: MainOptions = {}): Promise<MainResult> {
  const { io, out, err } = testIo(options);
  const code = await main(argv, io);
  return { code, out: out(), err: err() };
}

/** A world of our own, and what was written to it so far. */
export function testIo(options: MainOptions = {}): {
  readonly io: Io;
  readonly out: () => string;
  readonly err: () => string;
} {
  const { env = {}, stdin = '', cwd = '.', columns, errIsTerminal = false, onSignal = () => {} } = options;
  const [stdout, stderr] = [gather(), gather()];
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
