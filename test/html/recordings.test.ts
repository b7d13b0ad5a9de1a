import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { conversationOf, type StepKind } from '../../src/viewer/data/conversation.ts';
import { labelOf } from '../../src/viewer/data/labels.ts';
import { marksOf } from '../../src/viewer/data/marks.ts';
import { totalsOf } from '../../src/viewer/data/totals.ts';
import { replayText } from '../replayed.ts';
import { tableOf } from './viewer/table.ts';

const RECORDINGS = new URL('../../fixtures/recordings/', import.meta.url);

/** Every log of a genuine run, as `version/scenario/file`. */
const LOGS = readdirSync(RECORDINGS, { recursive: true, encoding: 'utf8' }).filter((path) =>
  path.endsWith('.ndjson'),
);

describe('genuine sessions', () => {
  test('there are many', () => {
    expect(LOGS.length).toBeGreaterThan(60);
  });

  test.each(LOGS)('%s: every span has a row, a label, and its place in the totals', async (log) => {
    const { spans } = replayText(readFileSync(new URL(log, RECORDINGS), 'utf8'), { content: true });
    const table = await tableOf(spans);
    const ids = new Set(spans.map(({ spanId }) => spanId));
    expect(table.count).toBe(ids.size);
    const labels = Array.from({ length: table.count }, (_, span) => labelOf(table, span));
    expect(labels.every((label) => label !== '')).toBe(true);
    const counted = table.sessions.flatMap((session) => totalsOf(table, session).counts);
    expect(counted.reduce((sum, count) => sum + count, 0)).toBe(table.count);
    // A trace is one session; a session is one entry of the list, whatever hangs in it.
    expect(new Set(table.sessions.map(({ id }) => id)).size).toBe(table.sessions.length);
  });

  test.each(LOGS)(
    '%s: the conversation has each prompt, tool call and answer once, in order of the tree',
    async (log) => {
      const { spans } = replayText(readFileSync(new URL(log, RECORDINGS), 'utf8'), { content: true });
      const table = await tableOf(spans);
      const marks = marksOf(table);
      const roots = [...table.depth.subarray(0, table.count).keys()].filter(
        (span) => table.depth[span] === 0,
      );
      const steps = roots.flatMap((root) => [...conversationOf(table, marks, root)]);
      const said = (kind: StepKind) => steps.filter((step) => step.kind === kind).map(({ text }) => text);
      const turns = spans.filter((span) => span.kind === 'turn');
      const isOwn = ({ inSubagent }: { readonly inSubagent: boolean }) => !inSubagent;
      expect(said('prompt').sort()).toEqual(
        turns
          .filter(isOwn)
          .flatMap(({ userMessage }) => userMessage ?? [])
          .sort(),
      );
      const answers = turns.flatMap(({ assistantResponse }) => assistantResponse ?? []);
      for (const answer of answers) expect(said('answer')).toContain(answer);
      expect(said('tool').length).toBe(spans.filter(({ kind }) => kind === 'tool_call').length);
      expect(said('agent').length).toBe(spans.filter(({ kind }) => kind === 'subagent').length);
      const starts = steps.filter(({ kind }) => kind === 'tool' || kind === 'prompt').map(({ span }) => span);
      expect(starts).toEqual(starts.toSorted((a, b) => a - b));
    },
  );
});
