/** Settings of `hermes-otel record`, from its arguments and its environment. */
export interface RecordSettings {
  /** False with `HERMES_OTEL_ENABLED=false`: nothing is written. */
  readonly enabled: boolean;
  /** `undefined` when neither a file nor a home directory is known. Nothing is written then. */
  readonly path: string | undefined;
  /** Longer strings are truncated. Ids have a limit of their own. */
  readonly maxChars: number;
  /** The log is rotated before it grows beyond this; 0: never. */
  readonly maxBytes: number;
  /** How many rotated logs are kept. */
  readonly keep: number;
  /** False: messages, arguments, results and other content are left out. */
  readonly content: boolean;
  /** True: requests and responses of models are written too. */
  readonly messages: boolean;
}

const MAX_KEEP = 1000;

type Env = Readonly<Record<string, string | undefined>>;

/**
 * Reads `--out FILE` (or `--out=FILE`) and the `HERMES_OTEL_RECORD_*` variables. An invalid value counts as not given,
 * because an agent waits for this command and nobody would read an error message.
 */
export function recordSettings(argv: readonly string[], env: Env): RecordSettings {
  return {
    enabled: isOn(env.HERMES_OTEL_ENABLED),
    path: logPath(outOption(argv) ?? env.HERMES_OTEL_RECORD_FILE, env),
    maxChars: wholeNumber(env.HERMES_OTEL_RECORD_MAX_CHARS, 4096),
    maxBytes: wholeNumber(env.HERMES_OTEL_RECORD_MAX_BYTES, 64 * 1024 * 1024),
    keep: Math.min(wholeNumber(env.HERMES_OTEL_RECORD_KEEP, 5), MAX_KEEP),
    content: isOn(env.HERMES_OTEL_RECORD_CONTENT),
    messages: isTrue(env.HERMES_OTEL_RECORD_MESSAGES),
  };
}

/** Hermes's home: `HERMES_HOME`, or `~/.hermes`; `undefined` when the user has no home directory. */
export function hermesHome(env: Env): string | undefined {
  return expandHome(env.HERMES_HOME?.trim() || '~/.hermes', env);
}

/** Expands a leading `~`. Hermes expands it only at the start of a hook's command, not in its arguments. */
export function expandHome(path: string, env: Env): string | undefined {
  if (path !== '~' && !path.startsWith('~/') && !path.startsWith('~\\')) return path;
  const home = env.HOME || env.USERPROFILE;
  return home ? home + path.slice(1) : undefined;
}

function logPath(given: string | undefined, env: Env): string | undefined {
  if (given?.trim()) return expandHome(given.trim(), env);
  const home = hermesHome(env);
  return home === undefined ? undefined : `${home}/hermes-otel/hooks.ndjson`;
}

function outOption(argv: readonly string[]): string | undefined {
  const joined = argv.find((argument) => argument.startsWith('--out='));
  const at = argv.indexOf('--out');
  return joined?.slice('--out='.length) ?? (at < 0 ? undefined : argv[at + 1]);
}

function isOn(text: string | undefined): boolean {
  return !['false', '0', 'no', 'off'].includes((text ?? '').trim().toLowerCase());
}

function isTrue(text: string | undefined): boolean {
  return ['true', '1', 'yes', 'on'].includes((text ?? '').trim().toLowerCase());
}

function wholeNumber(text: string | undefined, fallback: number): number {
  return text !== undefined && /^\s*[0-9]{1,15}\s*$/.test(text) ? Number(text) : fallback;
}
