import { OptionError } from './problem.ts';

export type Env = Readonly<Record<string, string | undefined>>;

/** A value, and where a person set it: messages name the source and, where it may be secret, nothing else. */
export interface Setting {
  readonly source: string;
  readonly value: string;
}

export type SignalName = 'TRACES' | 'METRICS';

/** `OTEL_EXPORTER_OTLP_TRACES_X`, else `OTEL_EXPORTER_OTLP_X`; an empty variable counts as unset, as the specification says. */
export function signalVariable(env: Env, signal: SignalName, name: string): Setting | undefined {
  return variable(env, `OTEL_EXPORTER_OTLP_${signal}_${name}`) ?? variable(env, `OTEL_EXPORTER_OTLP_${name}`);
}

export function variable(env: Env, source: string): Setting | undefined {
  const value = env[source]?.trim() ?? '';
  return value === '' ? undefined : { source, value };
}

/** A flag beats a variable. */
export function flagOr(
  flag: string,
  value: string | undefined,
  other: Setting | undefined,
): Setting | undefined {
  return value === undefined ? other : { source: flag, value };
}

/** One of a few words, in any case. */
export function oneOf<T extends string>(setting: Setting | undefined, words: readonly T[], fallback: T): T {
  if (setting === undefined) return fallback;
  const word = words.find((candidate) => candidate === setting.value.toLowerCase());
  if (word === undefined) throw new OptionError(`${setting.source} must be ${words.join(' or ')}`);
  return word;
}

export function positiveMillis(setting: Setting | undefined, fallback: number): number {
  if (setting === undefined) return fallback;
  const millis = Number(setting.value);
  if (!Number.isFinite(millis) || millis <= 0) {
    throw new OptionError(`${setting.source} must be a number of milliseconds above 0`);
  }
  return millis;
}
