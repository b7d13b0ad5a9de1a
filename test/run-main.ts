import { PassThrough, Readable } from 'node:stream';
import { main } from '../src/cli/main.ts';

export interface MainOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string | Readable;
  readonly cwd?: string;
  /** `undefined`: standard output is no terminal. */
  readonly columns?: number;
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
  const { env = {}, stdin = '', cwd = '.', columns, onSignal = () => {} } = options;
  const [stdout, stderr] = [gather(), gather()];
  const terminal = columns === undefined ? {} : { isTTY: true, columns };
  const code = await main(argv, {
    env,
    stdin: typeof stdin === 'string' ? Readable.from(stdin === '' ? [] : [Buffer.from(stdin)]) : stdin,
    stdout: Object.assign(stdout.stream, terminal),
    stderr: stderr.stream,
    pid: 0,
    cwd: () => cwd,
    kill: () => {},
    on: (name, listener) => onSignal(name, listener),
    off: () => {},
  });
  return { code, out: stdout.text(), err: stderr.text() };
}

function gather() {
  const stream = new PassThrough();
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  return { stream, text: () => Buffer.concat(chunks).toString('utf8') };
}
