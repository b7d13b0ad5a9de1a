/** Genuine hooks, recorded once more by our own recorders: a replayer must read the same events from both. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { HookEvent } from '../../src/model/event.ts';
import type { JsonObject } from '../../src/model/json.ts';
import { epochMicros } from '../../src/model/time.ts';
import { parseLine } from '../../src/parse/parse-line.ts';
import { lineOf } from '../../src/record/line.ts';
import { temporaryDirectory } from './log-directory.ts';
import { describeWithPython, drive, type Fired } from './plugin.ts';

const RECORDINGS = fileURLToPath(new URL('../../fixtures/recordings', import.meta.url));
/** Nothing is cut, so that nothing but what is left out on purpose can differ. */
const WHOLE = 1e8;

const linesOf = (path: string) => readFileSync(path, 'utf8').split('\n').filter(Boolean);
const logs = (name: string) =>
  readdirSync(RECORDINGS, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith(name))
    .sort()
    .map((path) => [path, linesOf(join(RECORDINGS, path))] as const);

/** The events as a replayer reads them, without where and when they were written. */
function eventsOf(lines: readonly string[], content: boolean): readonly HookEvent[] {
  return lines.flatMap((text) => {
    const line = { source: 'log', line: 1, text, endOffsetBytes: 0, damage: undefined };
    const parsed = parseLine(line, { content });
    if (parsed.kind === 'test') return [];
    if (parsed.kind !== 'event') throw new Error(`${parsed.kind}: ${text.slice(0, 200)}`);
    return [{ ...parsed.event, time: epochMicros(0) }];
  });
}

/** What a log without content cannot show, and need not. */
function withoutContent(events: readonly HookEvent[]): readonly object[] {
  return events.map((event) => ({ ...event, args: undefined, errorMessage: undefined, command: undefined }));
}

describeWithPython('the recorder plugin records again', () => {
  const originals = logs('flat.ndjson');
  const directory = temporaryDirectory();
  let whole: readonly string[] = [];
  let bare: readonly string[] = [];

  beforeAll(() => {
    const fired = originals.flatMap(([, lines]) =>
      lines.map((line): Fired => {
        const { ts: _ts, event, ...kwargs }: JsonObject = JSON.parse(line);
        return [String(event), kwargs];
      }),
    );
    const record = (env: Readonly<Record<string, string>>) => {
      const path = join(directory(), 'hooks.ndjson');
      drive('events', { HERMES_OTEL_RECORD_FILE: path, ...env }, fired);
      return linesOf(path);
    };
    whole = record({ HERMES_OTEL_RECORD_MAX_CHARS: String(WHOLE) });
    bare = record({ HERMES_OTEL_RECORD_CONTENT: 'false' });
  });

  test.each(originals)('%s', (path, original) => {
    const at = originals.findIndex(([other]) => other === path);
    const before = originals.slice(0, at).reduce((sum, [, lines]) => sum + lines.length, 0);
    const again = (lines: readonly string[]) => lines.slice(before, before + original.length);
    expect(eventsOf(again(whole), true)).toEqual(eventsOf(original, true));
    expect(withoutContent(eventsOf(again(bare), false))).toEqual(withoutContent(eventsOf(original, false)));
  });
});

describe('the command for shell hooks records again', () => {
  test.each(logs('shell.ndjson'))('%s', (_path, original) => {
    const again = (content: boolean) =>
      original.map((line) => {
        const { ts, pid, ...body }: JsonObject = JSON.parse(line);
        return lineOf({ ts: ts ?? null, pid: pid ?? null }, body, {
          maxChars: WHOLE,
          content,
          messages: false,
        });
      });
    expect(eventsOf(again(true), true)).toEqual(eventsOf(original, true));
    expect(withoutContent(eventsOf(again(false), false))).toEqual(withoutContent(eventsOf(original, false)));
  });
});
