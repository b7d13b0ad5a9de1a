/** Leaves out attributes by name: of spans, span events, log records and metrics, under every convention. */
import type { Attributes, Measurement, OtelLog, OtelSpan } from '../model/otel.ts';
import type { Convention } from './convention.ts';

/**
 * @param patterns names, in which `*` stands for any characters. `!name` keeps what another pattern drops, so `*` and
 *   `!gen_ai.*` together leave the attributes of one namespace.
 */
export function droppingAttributes(names: Convention, patterns: readonly string[]): Convention {
  if (patterns.length === 0) return names;
  const isKept = attributeFilter(patterns);
  const filtered = new WeakMap<Attributes, Attributes>();
  const only = (attributes: Attributes): Attributes =>
    Object.fromEntries(Object.entries(attributes).filter(([name]) => isKept(name)));
  // Equal labels are the identical object, and have to stay so.
  const labels = (attributes: Attributes): Attributes => {
    const kept = filtered.get(attributes) ?? only(attributes);
    filtered.set(attributes, kept);
    return kept;
  };
  return {
    ...names,
    toSpan: (span) => withAttributes(names.toSpan(span), only),
    measure: (span) =>
      names
        .measure(span)
        .map((measured): Measurement => ({ ...measured, attributes: labels(measured.attributes) })),
  };
}

function withAttributes(span: OtelSpan, only: (attributes: Attributes) => Attributes): OtelSpan {
  const kept = <T extends { readonly attributes: Attributes }>(all: readonly T[]) =>
    all.map((one) => ({ ...one, attributes: only(one.attributes) }));
  const logs = span.logs && { logs: kept(span.logs).map(withoutMessage) };
  return {
    ...span,
    attributes: only(span.attributes),
    events: kept(span.events),
    links: kept(span.links),
    ...logs,
  };
}

/** The body of an exception's record is its message, so it goes when that goes. */
function withoutMessage(log: OtelLog): OtelLog {
  const { name, body, attributes } = log;
  if (name !== 'exception' || attributes['exception.message'] === body) return log;
  const type = attributes['exception.type'];
  return { ...log, body: typeof type === 'string' ? type : name };
}

function attributeFilter(patterns: readonly string[]): (name: string) => boolean {
  const kept = patterns.filter((pattern) => pattern.startsWith('!')).map((pattern) => glob(pattern.slice(1)));
  const dropped = patterns.filter((pattern) => !pattern.startsWith('!')).map(glob);
  const matches = (globs: readonly RegExp[], name: string) => globs.some((one) => one.test(name));
  const known = new Map<string, boolean>();
  return (name) => {
    const answer = known.get(name) ?? (!matches(dropped, name) || matches(kept, name));
    known.set(name, answer);
    return answer;
  };
}

function glob(pattern: string): RegExp {
  const parts = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`);
}
