/** Where `--output` leads: a file, or standard output. */
import type { LineOutput } from '../export/file/line-output.ts';
import { CliError } from './cli-error.ts';
import type { Io } from './io.ts';
import type { ReplayFlags } from './replay-flags.ts';
import { systemProblem } from './system-problem.ts';

const STANDARD_OUTPUT = 'standard output';

/** Throws a `CliError` when the file cannot be opened. */
export async function openOutput({ output, checkpoint }: ReplayFlags, io: Io): Promise<LineOutput> {
  const { fileOutput, streamOutput } = await import('../export/file/line-output.ts');
  if (output === undefined || output === '-') return streamOutput(io.stdout, STANDARD_OUTPUT);
  try {
    // What an earlier run sent is not sent again: it has to stay.
    return await fileOutput(output, checkpoint === undefined ? 'replace' : 'append');
  } catch (error) {
    throw new CliError(`--output: ${output} cannot be written: ${systemProblem(error)}.`);
  }
}
