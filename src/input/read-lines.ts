import type { Diagnostic } from '../model/diagnostic.ts';
import type { InputLine } from '../model/line.ts';
import type { ByteSource, OpenOptions, ReadFailure } from './byte-source.ts';
import { type LineSplit, type SplitStart, splitChunk, splitEnd, startSplit } from './split-lines.ts';

export interface ReadLinesOptions extends OpenOptions {
  /** The source begins in the middle of a log: behind so many lines and bytes. */
  readonly start?: SplitStart | undefined;
  /** A longer line is given as `too_long`, its bytes skipped. Default 16 MiB. */
  readonly maxLineBytes?: number | undefined;
  /** Told when the source ended before its end (a failing disk, damaged gzip), after the lines before that. */
  readonly onDiagnostic: (diagnostic: Diagnostic) => void;
}

/**
 * The lines of one source, in batches as they come: one batch per chunk of bytes in which a line ended. Pulls: nothing
 * is read before it is asked for. After an abort the line it broke into is not given: nothing is wrong with it.
 */
export async function* readLines(
  source: ByteSource,
  { start, maxLineBytes, onDiagnostic, ...open }: ReadLinesOptions,
): AsyncGenerator<readonly InputLine[], void, undefined> {
  const split = startSplit(source.name, maxLineBytes, start);
  const chunks = source.open(open);
  try {
    let next = await chunks.next();
    for (; next.done !== true; next = await chunks.next()) {
      const lines = splitChunk(split, next.value);
      if (lines.length > 0) yield lines;
    }
    if (open.signal?.aborted) return;
    const rest = splitEnd(split);
    if (rest.length > 0) yield rest;
    if (next.value !== undefined) onDiagnostic(endedEarly(split, next.value));
  } finally {
    await chunks.return(undefined);
  }
}

function endedEarly({ source, line }: LineSplit, { code, message }: ReadFailure): Diagnostic {
  const kept = line === 1 ? 'the 1 line' : `the ${line} lines`;
  return {
    severity: 'error',
    code,
    message: line === 0 ? `${message}, before any line` : `${message}; ${kept} before that were read`,
    at: { source, line },
  };
}
