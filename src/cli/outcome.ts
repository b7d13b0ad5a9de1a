/** What a replay comes to, in one job or several. */
import type { DeliveryAccount } from '../model/sink.ts';
import type { Budgets } from './budgets.ts';
import type { Report } from './report.ts';

export interface Outcome {
  readonly report: Report;
  readonly accounts: readonly DeliveryAccount[];
  readonly budgets: Budgets | undefined;
  /** The input could have gone on for ever. */
  readonly live: boolean;
}
