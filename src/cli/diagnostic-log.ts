/** `--diagnostics FILE`: every diagnostic as a line of JSON, while the run goes on. The report keeps the first ones only. */
import { once } from 'node:events';
import type { WriteStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import type { Diagnostic } from '../model/diagnostic.ts';
import { systemProblem } from '../model/system-error.ts';
import { CliError } from './cli-error.ts';

/** `undefined` when no file was asked for. Throws a `CliError` when it cannot be opened. */
export async function openDiagnosticLog(file: string | undefined, { append }: { readonly append: boolean }) {
  if (file === undefined) return undefined;
  const { stringify } = await import('ndjson');
  const lines = stringify();
  const output = await openFile(file, append ? 'a' : 'w');
  const written = pipeline(lines, output).catch((error: unknown) => {
    throw unwritable(file, error);
  });
  // `write` and `close` pass the rejection on; until one of them is called, it must not end the process.
  written.catch(() => {});
  let draining: Promise<void> | undefined;
  const drain = () => {
    draining ??= Promise.race([once(lines, 'drain').catch(() => written), written]).then(() => {
      draining = undefined;
    });
    return draining;
  };
  return {
    /** A promise when the file is slower than the diagnostics come. Rejects when it cannot be written any more. */
    write: (diagnostic: Diagnostic): Promise<void> | undefined =>
      lines.write(diagnostic) ? undefined : drain(),
    /** Returns when everything is in the file. */
    close: async () => {
      lines.end();
      await written;
    },
  };
}

async function openFile(file: string, mode: 'a' | 'w'): Promise<WriteStream> {
  try {
    return (await open(file, mode)).createWriteStream();
  } catch (error) {
    throw unwritable(file, error);
  }
}

function unwritable(file: string, error: unknown): CliError {
  return new CliError(`--diagnostics: ${file} cannot be written: ${systemProblem(error)}.`);
}
