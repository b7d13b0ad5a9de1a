/** From flags to the options of the reconstruct stage. */
import { DEFAULT_OPTIONS, type ReconstructOptions, type TurnFacts } from '../reconstruct/options.ts';
import { CliError } from './cli-error.ts';
import type { FlagValues } from './flags.ts';
import { readDuration } from './flags.ts';
import type { Input } from './input.ts';
import type { FILTER_FLAGS, RECONSTRUCT_FLAGS } from './replay-flags.ts';

const MICROS_PER_MILLI = 1000;

/** Those that spans depend on: names and metrics come after. */
export type ReconstructFlags = Omit<
  FlagValues<typeof RECONSTRUCT_FLAGS & typeof FILTER_FLAGS>,
  'conventions' | 'metricInterval'
>;

/** A finished log loses nothing by waiting; what is told as it happens should leave within a second. */
const REORDER_MILLIS = { finished: 5_000, live: 250 };

/** A followed log has no end that would close what nobody closes. */
const FOLLOWED_IDLE_MILLIS = 30 * 60_000;

export function reconstructOptions(
  flags: ReconstructFlags,
  input: Pick<Input, 'live' | 'progress'>,
): ReconstructOptions {
  const idleTimeout = flags.idleTimeout ?? (input.progress === undefined ? undefined : FOLLOWED_IDLE_MILLIS);
  return {
    ...DEFAULT_OPTIONS,
    tracePer: flags.tracePer,
    idleTimeoutMicros: idleTimeout === undefined ? undefined : idleTimeout * MICROS_PER_MILLI,
    sessionSpans: input.live ? 'at_end' : 'at_finish',
    reorderWindowMicros: reorderWindowMicros(flags, input.live),
    maxOpenTurns: flags.maxOpen,
    content: flags.captureContent,
    syntheticTime: flags.assumeTimes,
    selectTurn: turnFilter(flags),
  };
}

export function reorderWindowMicros(flags: Pick<ReconstructFlags, 'reorderWindow'>, live = false): number {
  return (flags.reorderWindow ?? (live ? REORDER_MILLIS.live : REORDER_MILLIS.finished)) * MICROS_PER_MILLI;
}

/** `undefined` when every turn is wanted. */
function turnFilter(flags: ReconstructFlags): ReconstructOptions['selectTurn'] {
  const since = readMoment(flags.since, '--since');
  const until = readMoment(flags.until, '--until');
  const { session, platform, model } = flags;
  const tests: ((facts: TurnFacts) => boolean)[] = [];
  if (session.length > 0) tests.push((facts) => session.some((prefix) => facts.sessionId.startsWith(prefix)));
  if (platform.length > 0) tests.push((facts) => platform.includes(facts.platform ?? ''));
  if (model.length > 0) tests.push((facts) => model.includes(facts.model ?? ''));
  if (since !== undefined) tests.push((facts) => facts.startTime >= since);
  if (until !== undefined) tests.push((facts) => facts.startTime < until);
  return tests.length === 0 ? undefined : (facts) => tests.every((test) => test(facts));
}

/** ISO 8601 (without a zone: UTC), or a time before now; in epoch microseconds. */
function readMoment(text: string | undefined, name: string): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{4}-/.test(text)) {
    const zoned = /([zZ]|[+-]\d\d:?\d\d)$/.test(text) || !text.includes('T') ? text : `${text}Z`;
    const millis = Date.parse(zoned);
    if (Number.isNaN(millis))
      throw new CliError(`${name} takes a time such as 2026-11-23T08:00:00Z or 2h, not "${text}".`);
    return millis * MICROS_PER_MILLI;
  }
  return (Date.now() - readDuration(text, name)) * MICROS_PER_MILLI;
}
