/** The logs of many hosts, as their shippers deliver them to a topic. */
import fc from 'fast-check';
import { recorded, redelivered } from '../../fleet/shipped.ts';
import { sessions } from '../../reconstruct/hermes-log.ts';
import type { FlatEvent } from '../../replayed.ts';

export interface HostLog {
  readonly host: string;
  /** Each line once. */
  readonly lines: readonly string[];
  /** As delivered: a part of them twice. */
  readonly delivered: readonly string[];
}

const IDS =
  /"(session_id|child_session_id|parent_session_id|turn_id|parent_turn_id|task_id|api_request_id|tool_call_id)":"/g;

/** Much later than everything else: closes what has no end of its own, by the idle timeout in log time. */
const LAST = { ts: 1_796_000_000, event: 'on_session_start', session_id: 'last' };

export function hostLogs(hosts: number, sessionsEach: number): readonly HostLog[] {
  const made = fc.sample(sessions({ min: sessionsEach, max: sessionsEach }), { numRuns: hosts, seed: 20 });
  return made.map((own, index) => {
    const host = `host-${index}`;
    const events = own.flatMap(({ events: some }, number) =>
      some.map((event): FlatEvent => ({ ...event, ts: event.ts + number * 40 })),
    );
    const ordered = events.sort((a, b) => a.ts - b.ts);
    const lines = recorded([...ordered, LAST], 100 + index).map((line) =>
      line.replaceAll(IDS, `$&${index}-`),
    );
    const blocks = Array.from({ length: 10 }, (_, at) => ({ from: at * 137, lines: 30, late: 3 }));
    return { host, lines, delivered: redelivered(lines, blocks) };
  });
}

/** `KEY, tab, VALUE`, one line of each host in turn. */
export function interleaved(logs: readonly HostLog[]): readonly string[] {
  const longest = Math.max(...logs.map(({ delivered }) => delivered.length));
  return Array.from({ length: longest }, (_, at) =>
    logs.flatMap(({ host, delivered }) => (delivered[at] === undefined ? [] : [`${host}\t${delivered[at]}`])),
  ).flat();
}
