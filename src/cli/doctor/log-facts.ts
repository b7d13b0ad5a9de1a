/** What the doctor is told about a log: the very stages of a replay run over it, and what they make is counted. */
import { Command } from 'commander';
import type { LogFacts } from '../../doctor/log-facts.ts';
import type { ParsedLine } from '../../model/line.ts';
import type { AgentSpan } from '../../model/span.ts';
import type { EpochMicros } from '../../model/time.ts';
import { createOutput } from '../../reconstruct/output.ts';
import { createState } from '../../reconstruct/state.ts';
import { finish, step } from '../../reconstruct/step.ts';
import { readFlags } from '../flags.ts';
import { openInput, SILENCE } from '../input.ts';
import type { Io } from '../io.ts';
import { reconstructOptions } from '../reconstruct-options.ts';
import { REPLAY_FLAGS } from '../replay-flags.ts';
import { createReport } from '../report.ts';

export async function logFacts(log: string, io: Io): Promise<LogFacts> {
  const flags = { ...readFlags(REPLAY_FLAGS, new Command(), {}), color: undefined };
  const input = await openInput([log], flags, io, new AbortController().signal, createReport(1));
  const state = createState(reconstructOptions(flags, input));
  const out = createOutput();
  const seen = { lines: 0, events: 0, lost: 0 };
  let firstLost: string | undefined;
  let lastEvent: EpochMicros | undefined;
  const take = (line: ParsedLine) => {
    seen.lines += 1;
    if (line.kind === 'event') {
      seen.events += 1;
      lastEvent = line.event.time;
      step(state, line.event, out);
    }
    const why = lossOf(line);
    if (why !== undefined) seen.lost += 1;
    firstLost ??= why;
  };
  for await (const batch of input.lines) {
    if (batch !== SILENCE) batch.forEach(take);
  }
  finish(state, out);
  return { name: log, ...seen, firstLost, lastEvent, ...countsOf(out.spans) };
}

/** Why a line is lost to a replay; `undefined` when it is not. */
function lossOf(line: ParsedLine): string | undefined {
  switch (line.kind) {
    case 'malformed':
      return `line ${line.diagnostic.at?.line}: ${line.diagnostic.message}`;
    case 'untimed':
      return `line ${line.event.line}: it has no time`;
    default:
      return undefined;
  }
}

function countsOf(spans: readonly AgentSpan[]) {
  const ids = new Set(spans.map(({ spanId }) => spanId));
  const of = (kind: AgentSpan['kind']) => spans.filter((span) => span.kind === kind).length;
  const answered = spans.filter((span) => span.kind === 'api_call').filter((span) => span.answered);
  return {
    sessions: of('session'),
    turns: of('turn'),
    apiCalls: of('api_call'),
    toolCalls: of('tool_call'),
    answeredCalls: answered.length,
    callsWithUsage: answered.filter(({ usage }) => usage !== undefined).length,
    orphans: spans.filter(({ parentSpanId }) => parentSpanId !== undefined && !ids.has(parentSpanId)).length,
    incomplete: spans.filter(({ incomplete }) => incomplete !== undefined).length,
  };
}
