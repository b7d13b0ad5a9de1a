/** UTF-16, as PowerShell's `>>` writes it → UTF-8. Recognised by a byte order mark or a NUL beside the first character. */
import type { ByteChunks } from './byte-source.ts';

export type Utf16 = 'utf-16le' | 'utf-16be';

/** The encoding of a source that begins with these bytes; `undefined` for UTF-8. Needs two bytes. */
export function utf16Of(first: Buffer): Utf16 | undefined {
  const [a, b] = first;
  if ((a === 0xff && b === 0xfe) || (isStart(a) && b === 0)) return 'utf-16le';
  return (a === 0xfe && b === 0xff) || (a === 0 && isStart(b)) ? 'utf-16be' : undefined;
}

/** A brace or a bracket: NULs beside anything else are damage. */
function isStart(byte: number | undefined): boolean {
  return byte === 0x7b || byte === 0x5b;
}

/** The same text in UTF-8. Half a character at the end becomes U+FFFD. */
export async function* toUtf8(chunks: ByteChunks, encoding: Utf16): ByteChunks {
  const decoder = new TextDecoder(encoding);
  try {
    for (;;) {
      const next = await chunks.next();
      const text = next.done === true ? decoder.decode() : decoder.decode(next.value, { stream: true });
      if (text !== '') yield Buffer.from(text);
      if (next.done === true) return next.value;
    }
  } finally {
    await chunks.return(undefined);
  }
}
