/** Writing down what came after a checkpoint, as far as the disk lets us. */
import type { JournalFile } from '../../checkpoint/journal-file.ts';
import { systemProblem } from '../system-problem.ts';
import { type JournalLine, textOf } from './journal.ts';

/** All lines at once. What cannot be noted is sent again after a crash, and that is all: it is told once. */
export type Note = (...lines: readonly JournalLine[]) => void;

export function noteIn(journal: JournalFile, tell: (sentence: string) => void): Note {
  let problem: string | undefined;

  function append(lines: readonly JournalLine[]): string | undefined {
    try {
      return journal.append(lines.map(textOf).join('\n')) ? undefined : 'it is full';
    } catch (error) {
      return systemProblem(error);
    }
  }

  return (...lines) => {
    const said = append(lines);
    if (said !== undefined && said !== problem) {
      tell(
        `what is sent cannot be noted beside the checkpoint: ${said}; after a crash it would be sent again.`,
      );
    }
    problem = said;
  };
}
