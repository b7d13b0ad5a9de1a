import type { EpochMicros } from '../model/time.ts';
import { plural } from '../model/units.ts';
import { type Finding, fail, finding, ok, type Verdict, warn } from './finding.ts';

/** What was counted in a log. */
export interface LogFacts {
  /** As the user named it. */
  readonly name: string;
  readonly lines: number;
  readonly events: number;
  /** Lines that could not be read as an event. */
  readonly lost: number;
  /** Where and why the first of them was lost. */
  readonly firstLost: string | undefined;
  readonly lastEvent: EpochMicros | undefined;
  readonly sessions: number;
  readonly turns: number;
  readonly apiCalls: number;
  readonly answeredCalls: number;
  /** Answered calls that report how many tokens they used. */
  readonly callsWithUsage: number;
  readonly toolCalls: number;
  /** Spans whose parent is not in this log. */
  readonly orphans: number;
  readonly incomplete: number;
}

const DAY_MICROS = 86_400_000_000;
const FIVE_MINUTES_MICROS = 300_000_000;

/** Checks a log: whether it can be read, is recent, and contains what spans and metrics are made of. */
export function checkLog(facts: LogFacts, now: EpochMicros): readonly Finding[] {
  return [
    finding('Log', readable(facts)),
    ...(facts.events === 0
      ? []
      : [
          finding('Freshness', fresh(facts, now)),
          finding('Tree', tree(facts)),
          finding('Metrics', metrics(facts)),
          finding('Tokens', tokens(facts)),
        ]),
  ];
}

function readable({ name, lines, events, lost, firstLost }: LogFacts): Verdict {
  if (events === 0) {
    const why = lines === 0 ? 'is empty' : `has ${count(lines, 'line')}, none of them an event`;
    return fail(
      `${name} ${why}.`,
      "Check that this is the recorder's file, and that Hermes has run since the recorder was installed.",
    );
  }
  if (lost === 0) return ok(`${name}: ${count(events, 'event')}.`);
  return warn(
    `${name}: ${count(events, 'event')}, ${count(lost, 'line')} lost${firstLost === undefined ? '' : ` (${firstLost})`}.`,
    '`hermes-otel replay --report FILE` lists all of them.',
  );
}

function fresh({ lastEvent }: LogFacts, now: EpochMicros): Verdict {
  if (lastEvent === undefined) return ok('No event has a time.');
  const days = Math.floor((now - lastEvent) / DAY_MICROS);
  if (lastEvent - now > FIVE_MINUTES_MICROS)
    return warn(
      `The last event is in the future (${iso(lastEvent)}).`,
      'Compare the clocks of this machine and of the one that recorded. Searches end at the present time, and some receivers refuse data from the future.',
    );
  if (days < 1) return ok(`The last event is of ${iso(lastEvent)}.`);
  return warn(
    `The last event is ${count(days, 'day')} old (${iso(lastEvent)}).`,
    'Some receivers answer 200 and drop data older than a day; others show it only when that time range is selected (docs/backends.md). If Hermes has run since, its recorder is not working.',
  );
}

function count(value: number, noun: string): string {
  return plural(value, noun, String);
}

function iso(time: EpochMicros): string {
  return new Date(time / 1000).toISOString().replace(/\.\d+Z$/, 'Z');
}

function tree({ sessions, turns, orphans, incomplete }: LogFacts): Verdict {
  if (orphans > 0) {
    return fail(
      `${count(orphans, 'span')} with a parent that is not in the log.`,
      'Replay all files of the session in one command. Spans may begin in one file and end in another.',
    );
  }
  const found = `${count(sessions, 'session')}, ${count(turns, 'turn')}; every span has its parent.`;
  if (incomplete === 0) return ok(found);
  return warn(
    `${found} ${count(incomplete, 'span')} without an end in the log.`,
    'An agent that was killed or is still running leaves such spans. They are marked hermes.incomplete.',
  );
}

function metrics({ turns, apiCalls, toolCalls }: LogFacts): Verdict {
  const none = [
    ...(turns === 0 ? ['turns'] : []),
    ...(apiCalls === 0 ? ['API calls'] : []),
    ...(toolCalls === 0 ? ['tool calls'] : []),
  ];
  if (none.length === 0)
    return ok(
      `${count(turns, 'turn')}, ${count(apiCalls, 'API call')} and ${count(toolCalls, 'tool call')} to measure.`,
    );
  return warn(
    `The log has no ${none.join(' and no ')}: the metrics of these will be missing.`,
    'If there were some, those hooks are not recorded: `hermes-otel init` sets up all of them.',
  );
}

function tokens({ answeredCalls, callsWithUsage }: LogFacts): Verdict {
  if (callsWithUsage === answeredCalls) return ok(`${count(answeredCalls, 'answer')}, each with its tokens.`);
  return warn(
    `${answeredCalls - callsWithUsage} of ${answeredCalls} answers report no tokens.`,
    'The provider sent no usage (many local servers, and streams without `include_usage`). Such calls have no token attributes; they are not counted as 0.',
  );
}
