import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface CommandOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly timeoutMillis?: number;
}

/** A program that is not on this machine: the receiver it should build counts as not run. */
export class MissingTool extends Error {}

/** Runs a command to its end and returns its standard output. @throws MissingTool when there is no such program. */
export async function command(
  file: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<string> {
  try {
    const { stdout } = await run(file, args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      timeout: options.timeoutMillis ?? 900_000,
      maxBuffer: 64 * 1024 * 1024,
    });
    return stdout;
  } catch (error) {
    // Not `instanceof Error`: Jest runs tests in a realm of its own, and Node's errors come from outside it.
    if (typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOENT') {
      throw new MissingTool(`${file} is not installed`);
    }
    throw error;
  }
}
