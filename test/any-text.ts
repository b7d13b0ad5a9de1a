import fc from 'fast-check';

const SURROGATES = { first: 0xd800, count: 0x800 };
const LAST = 0x10ffff;

/** Any character, but no half of a surrogate pair. */
const anyCharacter = fc.nat({ max: LAST - SURROGATES.count }).map(characterAt, indexOf);

/**
 * What `fc.string({ unit: 'binary' })` makes, seed for seed. That one first makes a table of all the million characters
 * there are, which costs each suite a second and 100 MB.
 */
export function anyText(length: { readonly maxLength?: number } = {}): fc.Arbitrary<string> {
  return fc.string({ unit: anyCharacter, ...length });
}

function characterAt(index: number): string {
  return String.fromCodePoint(index < SURROGATES.first ? index : index + SURROGATES.count);
}

/** fast-check asks for it, to know which of its dangerous names (`__proto__`) can be made of these characters. */
function indexOf(text: unknown): number {
  const code = typeof text === 'string' ? text.codePointAt(0) : undefined;
  const index = code === undefined || code < SURROGATES.first ? code : code - SURROGATES.count;
  if (index === undefined || characterAt(index) !== text) throw new Error('no character');
  return index;
}
