import { isDeepStrictEqual } from 'node:util';
import type { Command, Option } from 'commander';
import { CONFIGURED_COMMANDS, OF_REPLAY_ALONE } from '../../src/cli/config-file.ts';
import { REPLAY_FLAGS } from '../../src/cli/replay-flags.ts';

type Schema = { readonly [name: string]: unknown };

/** `docs/schema/config.schema.json`: the configuration file, from the very flags that it sets. */
export function configSchema(program: Command): Schema {
  const definitions: Record<string, unknown> = {};
  const optionsOf = (name: string) => {
    const command = program.commands.find((one) => one.name() === name);
    return referred({ ...settings(command?.options ?? []), ...withoutFlag() }, definitions);
  };
  const shared = optionsOf('replay');
  const sections = CONFIGURED_COMMANDS.map((name) => [name, section(name, optionsOf(name))]);
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'hermes-otel.config: settings of hermes-otel',
    type: 'object',
    additionalProperties: false,
    properties: { $schema: { type: 'string' }, ...shared, ...Object.fromEntries(sections) },
    definitions,
  };
}

/** Most flags are the same in all commands: what is said of them is written once. */
function referred(schemas: Schema, definitions: Record<string, unknown>): Schema {
  const references = Object.entries(schemas).map(([name, schema]) => {
    definitions[name] ??= schema;
    return [name, isDeepStrictEqual(definitions[name], schema) ? { $ref: `#/definitions/${name}` } : schema];
  });
  return Object.fromEntries(references);
}

function section(name: string, properties: Schema): Schema {
  return {
    type: 'object',
    description: `Settings of "hermes-otel ${name}" alone. They win over those at the top.`,
    additionalProperties: false,
    properties,
  };
}

const NO_SETTINGS = new Set(['help', 'version', 'color']);

function settings(options: readonly Option[]): Schema {
  const named = options.map((option) => [option.attributeName(), setting(option)] as const);
  return Object.fromEntries(named.filter(([name]) => !NO_SETTINGS.has(name)));
}

function setting(option: Option): Schema {
  const { description, argChoices, optional, required } = option;
  const note = OF_REPLAY_ALONE.has(option.attributeName()) ? '. At the top, of replay alone' : '';
  if (!required && !optional) return { description, type: 'boolean' };
  if (argChoices !== undefined && option.parseArg === undefined) return { description, enum: argChoices };
  const word =
    argChoices === undefined ? { type: 'string' } : { anyOf: [{ enum: argChoices }, { type: 'string' }] };
  if (option.parseArg !== undefined) {
    return { description: `${description}${note}`, anyOf: [word, { type: 'array', items: word }] };
  }
  const type = optional ? ['string', 'number', 'boolean'] : ['string', 'number'];
  return { description: `${description}${note}`, type };
}

/** Settings that only a variable or the file sets. */
function withoutFlag(): Schema {
  const flags = Object.entries(REPLAY_FLAGS).filter(([, flag]) => flag.flags === undefined);
  return Object.fromEntries(
    flags.map(([key, { help, env, shown }]) => [
      key,
      { description: `${help} (env: ${env}, default: ${shown})`, type: ['string', 'number'] },
    ]),
  );
}
