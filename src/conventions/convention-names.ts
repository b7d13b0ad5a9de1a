/** In order of precedence: the first chosen one names the span, and its value stands where two give one attribute. */
export const CONVENTION_NAMES = ['hermes', 'gen-ai', 'openinference'] as const;
export type ConventionName = (typeof CONVENTION_NAMES)[number];
