/** Whether to paint. chalk reads the process itself and ignores NO_COLOR, so the level is decided here. */
import type { ChalkInstance, ColorSupportLevel } from 'chalk';
import type { Io } from './io.ts';

/** A flag beats `NO_COLOR` (no-color.org), which beats `FORCE_COLOR`, which beats what the stream is. */
export async function colorsFor(
  stream: Io['stdout'],
  flag: boolean | undefined,
  env: Io['env'],
): Promise<ChalkInstance> {
  const { Chalk } = await import('chalk');
  return new Chalk({ level: levelFor(stream, flag, env) });
}

const BASIC: ColorSupportLevel = 1;

function levelFor(stream: Io['stdout'], flag: boolean | undefined, env: Io['env']): ColorSupportLevel {
  if (flag !== undefined) return flag ? BASIC : 0;
  if (isSet(env.NO_COLOR)) return 0;
  if (isSet(env.FORCE_COLOR)) return env.FORCE_COLOR === '0' ? 0 : BASIC;
  return stream.isTTY === true && env.TERM !== 'dumb' ? BASIC : 0;
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== '';
}
