/** When a checkpoint is written, and what is told when it cannot be. */
import type { SpanId } from '../../model/span.ts';
import { stateToText } from '../../reconstruct/state-text.ts';
import { accountedLines } from '../report.ts';
import type { Run } from '../run.ts';
import { systemProblem } from '../system-problem.ts';
import type { Checkpoint } from './checkpoint.ts';
import { createPace } from './checkpoint-pace.ts';
import { saveReport } from './saved-report.ts';

export interface CheckpointWriter {
  /** @param silent the log has nothing more for now */
  isDue(now: number, silent: boolean): boolean;
  /** Waits until everything has its outcome, and writes. */
  write(): Promise<void>;
  /** Writes as everything stands. A full disk is no reason to stop: the one before is still there, and its journal too. */
  attempt(): Promise<void>;
  /** When everything has its outcome, and the run is over. What was not delivered in time is for the next run to send. */
  writeLast(interrupted: boolean): Promise<void>;
}

export function createWriter(
  run: Run,
  checkpoint: Checkpoint,
  shown: ReadonlyMap<SpanId, string>,
  tell: (sentence: string) => void,
): CheckpointWriter {
  const pace = createPace();
  /** What the last writing held; `undefined` before the first one. */
  let written: string | undefined;
  let undelivered = 0;
  let problem: string | undefined;

  /** Moves with every line that is read, or let go by the reorder window. */
  const stage = () => `${run.report.lines} ${accountedLines(run.report)}`;

  /** How many more than at the last writing were lost for good, and are in no dead-letter file. */
  function newlyLost(): number {
    const accounts = run.destinations.accounts();
    const lost = accounts.reduce((sum, { failed, deadLettered }) => sum + failed - deadLettered, 0);
    const more = lost - undelivered;
    undelivered = lost;
    return more;
  }

  async function attempt(): Promise<void> {
    const { input, state, destinations } = run;
    const { positions = [] } = input.progress?.() ?? {};
    const carried = await destinations.carried();
    const report = saveReport(run.report);
    try {
      await checkpoint.write({ positions, state: stateToText(state), carried, report, shown: [...shown] });
      if (problem !== undefined) tell('the checkpoint is written again.');
      problem = undefined;
    } catch (error) {
      const said = systemProblem(error);
      if (said !== problem) tell(`the checkpoint could not be written: ${said}; the one before stays.`);
      problem = said;
    }
  }

  return {
    attempt,
    isDue: (now, silent) => pace.isDue(now, silent) && written !== stage(),
    async write() {
      const waitedFrom = performance.now();
      await run.destinations.settled();
      const writtenFrom = performance.now();
      const lost = newlyLost();
      if (lost > 0) {
        tell(`${lost} spans or points were not delivered, and following goes on: see the account.`);
      }
      await attempt();
      written = stage();
      pace.note(waitedFrom, writtenFrom, performance.now());
    },
    async writeLast(interrupted) {
      const lost = newlyLost();
      if (lost === 0 || !interrupted) return await attempt();
      tell(`${lost} spans or points were not delivered in time: the next run sends them again.`);
    },
  };
}
