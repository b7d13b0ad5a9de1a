const LONGEST = 80;

/** A name from the log as it can stand in a sentence: cut, and what is no plain character written as its number. */
export function nameIn(text: string): string {
  const cut = text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
  return cut.replace(/[^ -~…]/gu, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
}
