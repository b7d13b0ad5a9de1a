/** The manifests of docs/fleet: what they start exists, as this program has it. */
import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { parseAllDocuments } from 'yaml';
import { COMMANDS } from '../../src/cli/commands/commands.ts';
import { createProgram } from '../../src/cli/program.ts';
import { runMain, testIo } from '../run-main.ts';

const folder = new URL('../../docs/fleet/', import.meta.url);

interface Container {
  readonly args: readonly string[];
  readonly env?: readonly { readonly name: string; readonly value: string }[];
}
interface Workload {
  readonly kind: string;
  readonly spec: {
    readonly completions?: number;
    readonly completionMode?: string;
    readonly template: { readonly spec: { readonly containers: readonly Container[] } };
  };
}

function workloadsIn(file: string): readonly Workload[] {
  const documents = parseAllDocuments(readFileSync(new URL(file, folder), 'utf8'));
  return documents.map((document) => document.toJS()).filter(({ spec }) => spec.template !== undefined);
}

test.each(['consume.yaml', 'job.yaml'])('each flag and variable in docs/fleet/%s exists', async (file) => {
  const program = await createProgram(
    COMMANDS,
    () => true,
    testIo().io,
    () => {},
  );
  const [workload] = workloadsIn(file);
  const [container] = workload?.spec.template.spec.containers ?? [];
  const [command = '', ...words] = container?.args ?? [];
  const flags = words.filter((word) => word.startsWith('-')).map((word) => word.split('=')[0]);
  const known = program.commands.find((one) => one.name() === command)?.options.map(({ long }) => long);
  expect(flags.length).toBeGreaterThan(3);
  expect(known).toEqual(expect.arrayContaining(flags));
  const { out } = await runMain([command, '--help']);
  for (const { name } of container?.env ?? []) expect(out).toContain(name);
});

test('the Job of docs/fleet/job.yaml has an index for each shard, and its arguments begin a replay', async () => {
  const [workload] = workloadsIn('job.yaml');
  const { completions, completionMode, template } = workload?.spec ?? {};
  const [container] = template?.spec.containers ?? [];
  const env = Object.fromEntries(container?.env?.map(({ name, value }) => [name, value]) ?? []);
  expect([completionMode, env.HERMES_OTEL_SHARD_COUNT]).toEqual(['Indexed', String(completions)]);
  const nowhere = { AWS_ENDPOINT_URL: 'http://user:password@nowhere.invalid' };
  const { code, err } = await runMain(container?.args ?? [], {
    env: { ...env, ...nowhere, JOB_COMPLETION_INDEX: '3' },
  });
  // Everything else is read before that.
  expect([code, err]).toEqual([2, expect.stringContaining('--endpoint-url takes an address')]);
});
