import { boundedCache } from '../model/bounded-cache.ts';

/** The sets of names, in order of precedence: the first chosen one names the span, and its value wins a conflict. */
export const CONVENTION_NAMES = ['hermes', 'gen-ai', 'gen-ai-latest', 'openinference'] as const;
export type ConventionName = (typeof CONVENTION_NAMES)[number];

/** The agent's name (`gen_ai.agent.name`). */
export const AGENT = 'hermes';

/** Span names where the GenAI conventions define none. OpenInference defines none at all. */
export const sessionName = 'hermes.session';
export const turnName = 'hermes.turn';
export const approvalName = 'hermes.approval';
export const subagentName = 'hermes.subagent';
export const toolName = named('hermes.tool.');
/** The form of the GenAI conventions: `{operation} {model}`. */
export const chatName = named('chat ');

/** Names with a prefix, which repeat; without a name, the prefix alone. */
export function named(prefix: string): (name: string | undefined) => string {
  const known = boundedCache((name) => prefix + name);
  return (name) => (name === undefined ? prefix.trimEnd() : known(name));
}
