/** Sends the six-span sample by the very path that a replay takes. */
import { Readable } from 'node:stream';
import { Command } from 'commander';
import { OptionError } from '../export/settings/settings.ts';
import { epochMicros } from '../model/time.ts';
import { traceIdOf } from '../reconstruct/ids.ts';
import { replay } from '../replay/replay.ts';
import { ReplayError } from '../replay/replay-error.ts';
import { sampleLog } from '../sample/sample-log.ts';
import type { SentSample } from '../stack/check.ts';
import { CliError } from './cli-error.ts';
import { readFlags } from './flags.ts';
import type { Io } from './io.ts';
import { REPLAY_FLAGS, type ReplayFlags } from './replay-flags.ts';
import { replayOptions } from './to-options.ts';

/** Sends the sample as a session that has just ended, to where `given` and the variables of `env` say. */
export async function sendSample(
  given: Pick<ReplayFlags, 'exporter' | 'endpoint' | 'header' | 'traces' | 'metrics'>,
  env: Io['env'],
  io: Pick<Io, 'cwd' | 'stdout'>,
): Promise<SentSample> {
  const now = epochMicros(Date.now() * 1000);
  const sessionId = `hermes-otel-sample-${now.toString(36)}`;
  const traceId = traceIdOf('session', sessionId);
  // A check reports what is: it does not wait for better.
  const read = readFlags(REPLAY_FLAGS, new Command(), env);
  const flags = { ...read, ...given, retryFor: 0, follow: false, checkpoint: undefined, color: false };
  const lines = sampleLog(sessionId, now).map((line) => `${line}\n`);
  try {
    const options = await replayOptions(['-'], flags, { env, stdout: io.stdout, cwd: () => io.cwd() });
    const { accounts } = await replay(Readable.from(lines), options);
    return { traceId, problems: accounts.flatMap(({ problems }) => problems) };
  } catch (error) {
    if (!(error instanceof CliError || error instanceof ReplayError || error instanceof OptionError))
      throw error;
    return { traceId, problems: [error.message] };
  }
}
