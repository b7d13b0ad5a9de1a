import { type Env, OptionError, type Setting, type SignalName, variable } from './settings.ts';
/** In lower case; the later source wins. */
export type Headers = Readonly<Record<string, string>>;

/**
 * `HERMES_OTEL_TOKEN` < `OTEL_EXPORTER_OTLP_HEADERS` < the signal's own < `--header`.
 * @param flags as given: `name=value`
 */
export function readHeaders(env: Env, flags: readonly string[], signal: SignalName): Headers {
  const token = variable(env, 'HERMES_OTEL_TOKEN');
  const pairs = [
    ...(token === undefined ? [] : [checked('token', token)]),
    ...listed(variable(env, 'OTEL_EXPORTER_OTLP_HEADERS')),
    ...listed(variable(env, `OTEL_EXPORTER_OTLP_${signal}_HEADERS`)),
    ...flags.map((value) => pair({ source: '--header', value }, (text) => text)),
  ];
  return Object.fromEntries(pairs);
}

type Pair = readonly [name: string, value: string];

/** `a=1,b=2`, values percent-encoded, as in a W3C baggage header; what follows a `;` is baggage metadata and dropped. */
function listed(setting: Setting | undefined): Pair[] {
  if (setting === undefined) return [];
  const { source, value } = setting;
  return value
    .split(',')
    .filter((member) => member.trim() !== '')
    .map((member) =>
      pair({ source, value: member.split(';', 1)[0] ?? '' }, (text) => percentDecoded(source, text)),
    );
}

function pair({ source, value }: Setting, decode: (text: string) => string): Pair {
  const cut = value.indexOf('=');
  if (cut < 1) throw new OptionError(`${source} must be name=value`);
  return checked(decode(value.slice(0, cut).trim()), { source, value: decode(value.slice(cut + 1).trim()) });
}

/** Characters that HTTP allows in a header's name (RFC 9110, 5.6.2). */
const NAME = /^[!#$%&'*+.^_`|~0-9a-z-]+$/;
/** One line of visible characters and blanks. */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

function checked(name: string, { source, value }: Setting): Pair {
  const lower = name.toLowerCase();
  if (!NAME.test(lower)) throw new OptionError(`${source} has a header name that HTTP does not allow`);
  if (!VALUE.test(value))
    throw new OptionError(`${source} has a value for ${lower} that HTTP does not allow`);
  return [lower, value];
}

function percentDecoded(source: string, text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new OptionError(`${source} has a value that is not percent-encoded correctly`);
  }
}
