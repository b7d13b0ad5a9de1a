import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from '@jest/globals';
import type { JsonObject } from '../../src/model/json.ts';

/** A directory of a test's own, gone when the test is over. */
export function temporaryDirectory(): () => string {
  const made: string[] = [];
  afterEach(() => {
    for (const directory of made.splice(0)) rmSync(directory, { recursive: true, force: true });
  });
  return () => {
    const directory = mkdtempSync(join(tmpdir(), 'hermes-otel-record-'));
    made.push(directory);
    return directory;
  };
}

/**
 * The lines of a log, each parsed on its own: one that is no JSON fails the test. Empty lines are no lines: a writer
 * that is stopped in the middle of a large one, by the system, makes another see half a line and begin a new one.
 */
export function readLog(path: string): readonly JsonObject[] {
  const text = readFileSync(path, 'utf8');
  if (!text.endsWith('\n')) throw new Error(`${path} ends in half a line`);
  return text
    .slice(0, -1)
    .split('\n')
    .filter(Boolean)
    .map((line): JsonObject => JSON.parse(line));
}
