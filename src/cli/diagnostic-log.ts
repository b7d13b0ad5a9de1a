/** `--diagnostics FILE`: every diagnostic as a line of JSON, while the run goes on. The report keeps the first ones only. */
import { once } from 'node:events';
import type { WriteStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { CliError } from './cli-error.ts';
import type { Report } from './report.ts';
import { systemProblem } from './system-problem.ts';

export interface DiagnosticLog {
  /** Waits while the file is slower than the faults come. Throws a `CliError` when it cannot be written any more. */
  room(): Promise<void>;
  /** Returns when everything is in the file. */
  close(): Promise<void>;
}

/**
 * From here on, what is added to `report` is written too. `undefined` when no file was asked for.
 * Throws a `CliError` when it cannot be opened.
 * @param goesOn the run takes up from a checkpoint: what the file holds already is kept.
 */
export async function openDiagnosticLog(
  file: string | undefined,
  report: Report,
  { goesOn }: { readonly goesOn: boolean },
): Promise<DiagnosticLog | undefined> {
  if (file === undefined) return undefined;
  const { stringify } = await import('ndjson');
  const lines = stringify();
  const output = await openFile(file, goesOn ? 'a' : 'w');
  const written = pipeline(lines, output).catch((error: unknown) => {
    throw unwritable(file, error);
  });
  // Heard by `room` and `close`; until one of them is called, a rejection is not to end the process.
  written.catch(() => {});
  let full = false;
  report.onDiagnostic = (diagnostic) => {
    full = !lines.write(diagnostic);
  };
  lines.on('drain', () => {
    full = false;
  });
  return {
    room: async () => {
      if (full) await Promise.race([once(lines, 'drain').catch(() => written), written]);
    },
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
