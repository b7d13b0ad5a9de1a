/** The six-span sample, sent by the very path that a replay takes. */
import { Readable, Writable } from 'node:stream';
import { Command } from 'commander';
import { epochMicros } from '../model/time.ts';
import { traceIdOf } from '../reconstruct/ids.ts';
import { sampleLog } from '../sample/sample-log.ts';
import type { SentSample } from '../stack/step.ts';
import { readFlags } from './flags.ts';
import type { Io } from './io.ts';
import { replay } from './replay.ts';
import { REPLAY_FLAGS, type ReplayFlags } from './replay-flags.ts';

/** Sends the sample as a session that has just ended: where to is said by `given`, and by the variables of `env`. */
export async function sendSample(
  given: Pick<ReplayFlags, 'exporter' | 'endpoint' | 'header' | 'traces' | 'metrics'>,
  env: Io['env'],
  io: Io,
): Promise<SentSample> {
  const now = epochMicros(Date.now() * 1000);
  const sessionId = `hermes-otel-sample-${now.toString(36)}`;
  const told: string[] = [];
  const stderr = new Writable({
    write(chunk, _encoding, done) {
      told.push(String(chunk));
      done();
    },
  });
  const flags = {
    ...readFlags(REPLAY_FLAGS, new Command(), env),
    ...given,
    // A check tells what is, it does not wait for better.
    retryFor: 0,
    quiet: false,
    report: undefined,
    color: false,
  };
  const lines = sampleLog(sessionId, now).map((line) => `${line}\n`);
  const exitCode = await replay(['-'], flags, { ...worldOf(io), env, stdin: Readable.from(lines), stderr });
  const problems = told.join('').split('\n').slice(1).filter(Boolean);
  return { traceId: traceIdOf('session', sessionId), problems: exitCode === 0 ? [] : problems };
}

/** What of `io` stays as it is. (The process itself cannot be spread: its methods want their `this`.) */
function worldOf(io: Io): Omit<Io, 'env' | 'stdin' | 'stderr'> {
  return {
    stdout: io.stdout,
    pid: io.pid,
    cwd: () => io.cwd(),
    kill: (pid, signal) => io.kill(pid, signal),
    on: (event, listener) => io.on(event, listener),
    off: (event, listener) => io.off(event, listener),
  };
}
