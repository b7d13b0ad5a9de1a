/** Whether to paint. chalk reads the process itself and ignores NO_COLOR, so the level is decided here. */
import type { Io } from './io.ts';

const WIDTH_WITHOUT_TERMINAL = 100;

export function helpWidth(stream: Io['stdout']): number {
  return stream.columns ?? WIDTH_WITHOUT_TERMINAL;
}

/** The width and the colours of standard output: none, or the sixteen basic ones. */
export async function pageFor({ stdout, env }: Io, flag: boolean | undefined) {
  const { Chalk } = await import('chalk');
  return { columns: helpWidth(stdout), colors: new Chalk({ level: wantsColor(stdout, flag, env) ? 1 : 0 }) };
}

/** A flag beats `NO_COLOR` (no-color.org), which beats `FORCE_COLOR`, which beats what the stream is. */
export function wantsColor(stream: Io['stdout'], flag: boolean | undefined, env: Io['env']): boolean {
  if (flag !== undefined) return flag;
  if (isSet(env.NO_COLOR)) return false;
  if (isSet(env.FORCE_COLOR)) return env.FORCE_COLOR !== '0';
  return stream.isTTY === true && env.TERM !== 'dumb';
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== '';
}
