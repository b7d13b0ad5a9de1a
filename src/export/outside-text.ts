import { createRedaction } from '../model/redact.ts';

/**
 * Text from outside (a receiver's message, a name from a log) as part of a sentence: one line, no control characters,
 * nothing that turns the direction of writing, at most `maxLength` characters.
 */
export function plainText(text: string, maxLength: number): string {
  const oneLine = text.replace(UNPRINTABLE, ' ').replace(/ {2,}/g, ' ').trim();
  const points = [...oneLine.slice(0, maxLength * 2 + 2)];
  return points.length > maxLength ? `${points.slice(0, maxLength - 1).join('')}…` : points.join('');
}

/** Controls, format characters (bidirectional marks among them), line separators, lone surrogates. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]+/gu;

const MAX_MESSAGE = 300;

const secrets = createRedaction();

/**
 * What a receiver says, as part of a sentence, without secrets. They go first: cutting could leave half of one, unrecognised.
 * @param redact removes the credentials of this run
 */
export function outsideText(text: string, redact = (raw: string) => raw): string {
  return plainText(secrets.text(redact(text)), MAX_MESSAGE);
}
