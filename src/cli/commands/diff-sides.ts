/** What `diff` compares: two logs, a session of each, or two sessions of one log. */
import type { AgentSpan } from '../../model/span.ts';
import { CliError } from '../cli-error.ts';
import type { Interrupts } from '../interrupts.ts';
import type { Io } from '../io.ts';
import { readLog } from '../read-log.ts';
import type { SpanFlags } from '../to-options.ts';

/** What stands on one side: a log, or one session of it. */
export interface Side {
  readonly log: string;
  readonly session: string | undefined;
}

interface SideFlags {
  readonly beforeSession: string | undefined;
  readonly afterSession: string | undefined;
}

/** Throws a `CliError` when the words do not make two sides. */
export function sidesOf(
  before: string,
  after: string | undefined,
  { beforeSession, afterSession }: SideFlags,
): readonly [Side, Side] {
  const one = { log: before, session: beforeSession };
  if (after !== undefined && (before !== '-' || after !== '-'))
    return [one, { log: after, session: afterSession }];
  if (before === '-')
    throw new CliError('Standard input can be only one of the two logs: name a file for the other.');
  if (beforeSession === undefined || afterSession === undefined) {
    throw new CliError(
      'Name a second log, or with --before-session and --after-session two sessions of the one.',
    );
  }
  return [one, { log: before, session: afterSession }];
}

/** Throws a `CliError` when the session that was asked for is not there. */
export async function spansOf(
  { log, session }: Side,
  flags: Omit<SpanFlags, 'captureContent' | 'tracePer'>,
  io: Io,
  interrupt: Interrupts,
): Promise<readonly AgentSpan[]> {
  const { spans } = await readLog(
    [log],
    {
      ...flags,
      session: session === undefined ? flags.session : [session],
      captureContent: false,
      tracePer: 'session',
    },
    io,
    { interrupt, command: 'diff' },
  );
  if (spans.length === 0 && session !== undefined) {
    throw new CliError(`${log} has no session whose id begins with "${session}".`);
  }
  return spans;
}

/** As the user named it. */
export function nameOf({ log, session }: Side): string {
  const name = log === '-' ? 'standard input' : log;
  return session === undefined ? name : `${name} ${session}`;
}
