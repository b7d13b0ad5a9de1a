/** The recorder plugin has the forms of secrets that everything else has. `UPDATE_GOLDEN=1` writes them, and fails. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { ANNOUNCED, ISSUED } from '../../src/model/secrets.ts';
import { FORMS, LEAK } from '../model/secret-forms.ts';
import { readLog, temporaryDirectory } from './log-directory.ts';
import { describeWithPython, drive, type Fired } from './plugin.ts';
import { recordBody, shellBody } from './shell.ts';

const PLUGIN = new URL('../../src/recorder/__init__.py', import.meta.url);
const BLOCK = /(?<=# BEGIN SECRETS\n)[\s\S]*(?=# END SECRETS)/;

/** A JSON text is a Python text. */
const tuple = (name: string, forms: Readonly<Record<string, readonly string[]>>) =>
  `${name} = (\n${Object.values(forms)
    .flat()
    .map((form) => `    ${JSON.stringify(form)},\n`)
    .join('')})\n`;

test('the forms are equal', () => {
  const source = readFileSync(PLUGIN, 'utf8');
  const block = tuple('ISSUED', ISSUED) + tuple('ANNOUNCED', ANNOUNCED);
  const isEqual = BLOCK.exec(source)?.[0] === block;
  if (!isEqual && process.env.UPDATE_GOLDEN)
    writeFileSync(
      PLUGIN,
      source.replace(BLOCK, () => block),
    );
  expect(isEqual).toBe(true);
});

const TEXTS = Object.values(FORMS).flatMap((form) => [form, `local_processing_error(${form})`]);
const directory = temporaryDirectory();
const newLog = () => join(directory(), 'hooks.ndjson');

describeWithPython('without content, the plugin', () => {
  test('redacts every form in a code', () => {
    const log = newLog();
    const events = TEXTS.map(
      (text): Fired => ['on_session_end', { session_id: 's', turn_exit_reason: text }],
    );
    drive('events', { HERMES_OTEL_RECORD_FILE: log, HERMES_OTEL_RECORD_CONTENT: 'false' }, events);
    const lines = readLog(log);
    expect(lines).toHaveLength(TEXTS.length);
    for (const { turn_exit_reason: reason } of lines) expect(reason).not.toMatch(LEAK);
  });
});

test('without content, the command redacts every form in a code', async () => {
  const log = newLog();
  const settings = { HERMES_OTEL_RECORD_FILE: log, HERMES_OTEL_RECORD_CONTENT: 'false' };
  for (const text of Object.values(FORMS).slice(0, 20))
    await recordBody(shellBody(['on_session_end', { turn_exit_reason: text }]), settings);
  const lines = readLog(log);
  expect(lines).toHaveLength(20);
  expect(JSON.stringify(lines)).toContain('[redacted]');
  expect(JSON.stringify(lines)).not.toMatch(LEAK);
});
