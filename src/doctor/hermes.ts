import { type Finding, fail, ok, warn } from './finding.ts';

/** What was found of Hermes and of the recorder in it. */
export interface HermesFacts {
  /** What `hermes --version` says; `undefined` when there is no such command, or it does not answer. */
  readonly version: string | undefined;
  /** `~/.hermes`, or what HERMES_HOME says; `undefined` when there is no home directory to speak of. */
  readonly home: string | undefined;
  readonly homeExists: boolean;
  /** The recorder plugin's files are in this home. */
  readonly pluginInstalled: boolean;
  /** `config.yaml` lists it under `plugins.enabled`; an installed plugin that is not listed is not loaded. */
  readonly pluginEnabled: boolean;
  /** `config.yaml` lists it under `plugins.disabled`, which wins. */
  readonly pluginDisabled: boolean;
  /** Shell hooks in `config.yaml` that run `hermes-otel record`. */
  readonly shellHooks: number;
  /** Why `config.yaml` could not be read; `undefined` when it could, or is not there. */
  readonly configTrouble: string | undefined;
}

export function checkHermes(facts: HermesFacts): readonly Finding[] {
  return [hermes(facts), ...(facts.homeExists ? [recorder(facts)] : [])];
}

function hermes({ version, home, homeExists }: HermesFacts): Finding {
  const about = 'Hermes';
  const where = homeExists ? `its home is ${home}` : `there is no home at ${home ?? '~/.hermes'}`;
  if (version !== undefined && homeExists) return ok(about, `${version}; ${where}.`);
  if (version !== undefined)
    return warn(
      about,
      `${version}; ${where}.`,
      'Start Hermes once, or say where its home is with HERMES_HOME.',
    );
  if (homeExists) return ok(about, `No command \`hermes\` here; ${where}.`);
  return warn(
    about,
    `No command \`hermes\` here, and ${where}.`,
    'Nothing to do where logs from another machine are replayed; else install Hermes, or set HERMES_HOME.',
  );
}

function recorder(facts: HermesFacts): Finding {
  const about = 'Recorder';
  const init = '`hermes-otel init` sets it up.';
  if (facts.configTrouble !== undefined)
    return fail(
      about,
      `config.yaml cannot be read: ${facts.configTrouble}.`,
      'Mend the file: Hermes cannot read it either.',
    );
  if (facts.pluginDisabled)
    return fail(
      about,
      'The recorder plugin is listed under plugins.disabled, which wins.',
      'Run `hermes plugins enable hermes_otel_recorder`.',
    );
  const plugin = facts.pluginInstalled && facts.pluginEnabled;
  if (plugin && facts.shellHooks > 0)
    return warn(
      about,
      'The plugin and shell hooks both record: every event is written twice.',
      'Remove one: `hermes-otel init --uninstall`, then set the other up again.',
    );
  if (plugin) return ok(about, 'The recorder plugin is installed and enabled.');
  if (facts.shellHooks > 0) return ok(about, `${facts.shellHooks} shell hooks record.`);
  if (facts.pluginInstalled)
    return fail(
      about,
      'The recorder plugin is installed, but not listed under plugins.enabled: Hermes does not load it.',
      init,
    );
  if (facts.pluginEnabled)
    return fail(about, 'The recorder plugin is enabled, but its files are not there.', init);
  return warn(about, 'No recorder is set up in this Hermes home.', init);
}
