import { createHash } from 'node:crypto';

/**
 * Files that `init` writes say so in their first line, with the hash of what follows: a file without that line is
 * somebody else's, and one that no longer fits its hash holds somebody's changes. Neither is ever overwritten.
 */

export type Ownership =
  | 'missing'
  /** Ours, as we wrote it. */
  | 'ours'
  /** Ours once, changed since. */
  | 'changed'
  | 'foreign';

const FIRST_LINE = /^# Written by hermes-otel init, sha256 ([0-9a-f]{64})\b.*\n/;

/** `content` with the line in front that makes it ours. In Python and in YAML alike that line is a comment. */
export function signed(content: string): string {
  return `# Written by hermes-otel init, sha256 ${sha256(content)} of what follows; removed by init --uninstall.\n${content}`;
}

/** Whose a file is, by its text; `undefined` text: there is none. */
export function ownership(text: string | undefined): Ownership {
  if (text === undefined) {
    return 'missing';
  }
  const first = FIRST_LINE.exec(text);
  if (first === null) {
    return 'foreign';
  }
  return sha256(text.slice(first[0].length)) === first[1] ? 'ours' : 'changed';
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
