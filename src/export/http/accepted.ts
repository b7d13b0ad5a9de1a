import type { Answer } from '../delivery/answer.ts';
import { outsideText } from '../plain-text.ts';
import type { PartialSuccess } from './answer-body.ts';

/** The answer of a receiver that took the request, or most of it; the same words for every protocol. */
export function acceptedAnswer(
  destination: string,
  partial: PartialSuccess,
  redact: (text: string) => string,
): Answer {
  const { rejected } = partial;
  const message = outsideText(partial.message, redact);
  if (rejected === 0) {
    return { kind: 'accepted', rejected, message: message === '' ? '' : `${destination} says: "${message}"` };
  }
  const reason = message === '' ? 'without a reason' : `"${message}"`;
  return { kind: 'accepted', rejected, message: `${destination} rejected some: ${reason}` };
}
