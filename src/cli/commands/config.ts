/** `hermes-otel config`: the settings that a replay would have, each with its source. It changes nothing. */
import type { Command } from 'commander';
import { createRedaction } from '../../model/redact.ts';
import { visible } from '../../model/visible.ts';
import type { CommandSpec } from '../command.ts';
import { findConfig } from '../config-file.ts';
import { type Flag, type GivenSetting, givenFor, readFlags, switchFlag } from '../flags.ts';
import type { Io } from '../io.ts';
import { type ReadFlags, readReplayFlags } from '../receiver-flags.ts';
import { REPLAY_FLAGS } from '../replay-flags.ts';
import { writeTo } from '../write-to.ts';

const OWN_FLAGS = { json: switchFlag('--json', 'write JSON') } as const;

interface Setting {
  readonly name: string;
  readonly value: unknown;
  /** `flag --header`, `variable HERMES_OTEL_FOR`, `default`, `implied`, or the file with the name of the setting. */
  readonly source: string;
}

export const CONFIG: CommandSpec = {
  flags: { ...OWN_FLAGS, ...REPLAY_FLAGS },
  examples: {
    'hermes-otel config': 'all settings of a replay, and where each comes from',
    'hermes-otel config --for langfuse --json': 'the same with these flags, as JSON',
  },
  run: async (command, io) => {
    const { json } = readFlags(OWN_FLAGS, command, io.env);
    const file = await findConfig(io);
    const settings = createRedaction().value(settingsOf(command, io.env));
    const text = json ? `${JSON.stringify({ file: file?.path, settings }, null, 2)}\n` : table(settings);
    await writeTo(io.stdout)(text);
    return 0;
  },
};

function settingsOf(command: Command, env: Io['env']): readonly Setting[] {
  const values = readReplayFlags(command, env);
  const flags = (Object.keys(REPLAY_FLAGS) as (keyof ReadFlags)[]).map((name): Setting => {
    const flag: Flag<unknown> = REPLAY_FLAGS[name];
    const given = givenFor(name, flag, command, env);
    const isDefault = JSON.stringify(flag.fallback) === JSON.stringify(values[name]);
    const value = given?.given ?? (isDefault ? flag.shown || flag.fallback : values[name]);
    return { name, value: shown(name, value), source: sourceOf(given, isDefault) };
  });
  const variables = Object.keys(env).filter((name) => OTHER_VARIABLES.test(name) && env[name]);
  return [
    ...flags,
    ...variables.map((name) => ({ name, value: shown(name, env[name]), source: 'variable' })),
  ];
}

/** Those of the specification without a flag of their own, and the live plugin's. */
const OTHER_VARIABLES =
  /^(OTEL_EXPORTER_OTLP_\w+|OTEL_RESOURCE_ATTRIBUTES|HERMES_OTEL_TOKEN|HERMES_OTEL_ENABLED)$/;

const HIDDEN = '[redacted]';
/** These are, or may be, credentials, or patterns of them. */
const MAY_BE_SECRET = /^(header|resource|redact)$|HEADERS|TOKEN|ATTRIBUTES/;

/** One text is not in a list. Of what may be a secret only the names are shown. */
function shown(name: string, value: unknown): unknown {
  const values = Array.isArray(value) ? value : [value];
  const safe = MAY_BE_SECRET.test(name) ? values.map((text) => hidden(String(text))) : values;
  return safe.length === 1 ? safe[0] : safe;
}

function hidden(pairs: string): string {
  const names = pairs.split(',').map((pair) => /^[^=]+=/.exec(pair)?.[0] ?? '');
  return names.map((name) => `${name}${HIDDEN}`).join(',');
}

/** `implied`: `--for`, `--endpoint` or `--header` set it. */
function sourceOf(given: GivenSetting | undefined, isDefault: boolean): string {
  if (given === undefined) return isDefault ? 'default' : 'implied';
  return given.source === 'file' ? given.name : `${given.source} ${given.name}`;
}

function table(settings: readonly Setting[]): string {
  const rows = settings.map(({ name, value, source }) => ({
    name,
    value: String(value ?? '') || '-',
    source,
  }));
  const names = Math.max(...rows.map(({ name }) => name.length));
  const values = Math.max(...rows.map(({ value }) => value.length));
  const lines = rows.map((row) => `${row.name.padEnd(names)}  ${row.value.padEnd(values)}  ${row.source}`);
  return `${lines.map(visible).join('\n')}\n`;
}
