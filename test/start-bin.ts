import { type ChildProcess, type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { wordsAndVariables } from './run-main.ts';

export const BIN = fileURLToPath(new URL('../bin/hermes-otel.js', import.meta.url));
export interface BinRun {
  readonly child: ChildProcess;
  /** Resolves with what standard output holds so far, as soon as that includes `words`. */
  until(words: string): Promise<string>;
  /** The same of standard error. */
  untilReported(words: string): Promise<string>;
  readonly ended: Promise<{
    readonly code: number | string | null;
    readonly out: string;
    readonly err: string;
  }>;
}

/** The built program in a process of its own, with no variables but those among `argv`. `npm test` builds it first. */
export function startBin(...argv: readonly string[]): BinRun {
  const [words, env] = wordsAndVariables(argv);
  return watch(spawn(process.execPath, [BIN, ...words], { env, stdio: 'pipe' }));
}

/** The same with some variables, in another directory. */
export function startBinIn(
  { env = {}, cwd }: { readonly env?: Readonly<Record<string, string>>; readonly cwd?: string },
  ...argv: readonly string[]
): BinRun {
  return watch(spawn(process.execPath, [BIN, ...argv], { env, cwd, stdio: 'pipe' }));
}

/** The same where no file may grow beyond this: as a full disk, but of this process alone. */
export function startBinOnSmallDisk(kibibytes: number, ...argv: readonly string[]): BinRun {
  const program = ['-c', `ulimit -f ${kibibytes}; exec "$@"`, 'bash', process.execPath, BIN];
  const [words, env] = wordsAndVariables(argv);
  return watch(spawn('bash', [...program, ...words], { env, stdio: 'pipe' }));
}

function watch(child: ChildProcessWithoutNullStreams): BinRun {
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    err += chunk;
  });
  const ended = new Promise<{ code: number | string | null; out: string; err: string }>((resolve) => {
    child.on('close', (status, signal) => resolve({ code: signal ?? status, out, err }));
  });
  const awaitWords = (stream: Readable, text: () => string) => (words: string) =>
    new Promise<string>((resolve) => {
      const look = () => {
        if (text().includes(words)) resolve(text());
      };
      stream.on('data', look);
      look();
    });
  const until = awaitWords(child.stdout, () => out);
  const untilReported = awaitWords(child.stderr, () => err);
  return { child, until, untilReported, ended };
}
