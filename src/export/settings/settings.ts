import { readFile } from 'node:fs/promises';
import type { Temporality } from '../../model/otel.ts';
import { errorInWords } from '../../model/system-error.ts';
import type { Tls } from '../http/transport.ts';

/** A setting that cannot be used, as a value: one sentence that names the flag or the variable, never a secret value. */
export interface OptionProblem {
  readonly kind: 'problem';
  readonly sentence: string;
}

export function isProblem(value: object): value is OptionProblem {
  return 'kind' in value && value.kind === 'problem';
}

/** Carries a problem from anywhere in the reading of settings to `collectProblem`. */
export class OptionError extends Error {}

/** Runs `read`. A setting that cannot be used is returned as a value. */
export async function collectProblem<T>(read: () => Promise<T>): Promise<T | OptionProblem> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof OptionError) return { kind: 'problem', sentence: error.message };
    throw error;
  }
}

export type Env = Readonly<Record<string, string | undefined>>;

/** A value and where the user set it. Messages name the source, and never a value that may be secret. */
export interface Setting {
  readonly source: string;
  readonly value: string;
}

export type SignalName = 'TRACES' | 'METRICS' | 'LOGS';

/** `OTEL_EXPORTER_OTLP_TRACES_X`, else `OTEL_EXPORTER_OTLP_X`. An empty variable counts as unset, as the specification says. */
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

/** One of a few words, in upper or lower case. */
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

/** Reads the certificate files that the specification's variables name. */
export async function readTls(env: Env, signal: SignalName): Promise<Tls> {
  const [certificate, clientCertificate, clientKey] = await Promise.all(
    ['CERTIFICATE', 'CLIENT_CERTIFICATE', 'CLIENT_KEY'].map((name) =>
      readPem(signalVariable(env, signal, name)),
    ),
  );
  return { certificate, clientCertificate, clientKey };
}

async function readPem(setting: Setting | undefined): Promise<string | undefined> {
  if (setting === undefined) return undefined;
  const { source, value } = setting;
  const text = await readFile(value, 'utf8').catch((error: unknown) => {
    throw new OptionError(`${source} names ${value}, which cannot be read: ${errorInWords(error)}`);
  });
  if (!text.includes('-----BEGIN '))
    throw new OptionError(`${source} names ${value}, which is not a PEM file`);
  return text;
}

/**
 * `OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE`. `lowmemory` means delta for counters and histograms, and there
 * are no other instruments here.
 */
export async function resolveTemporality(
  env: Env,
): Promise<{ readonly temporality: Temporality } | OptionProblem> {
  return await collectProblem(async () => {
    const setting = variable(env, 'OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE');
    const preference = oneOf(setting, ['cumulative', 'delta', 'lowmemory'], 'cumulative');
    return { temporality: preference === 'cumulative' ? 'cumulative' : 'delta' };
  });
}
