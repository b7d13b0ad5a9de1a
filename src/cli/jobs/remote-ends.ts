/** What a job's exporters share with those of the other jobs: it is in the main thread's hands. */
import { createLedger, type Ledger } from '../../export/delivery/ledger.ts';
import type { DeliveryAccount } from '../../model/sink.ts';
import type { SharedEnds } from '../exporters.ts';
import { outputName } from '../output.ts';
import type { ReplayFlags } from '../replay-flags.ts';
import type { MainThread } from './main-thread.ts';
import type { SignalTally } from './messages.ts';

export interface RemoteEnds {
  readonly shared: SharedEnds;
  /** What stands behind these accounts. */
  talliesOf(accounts: readonly DeliveryAccount[]): readonly SignalTally[];
}

export function remoteEnds(main: MainThread, flags: ReplayFlags): RemoteEnds {
  const ledgers: { destination: string; signal: string; ledger: Ledger }[] = [];
  return {
    shared: {
      output: {
        name: outputName(flags),
        write: main.writeLine,
        close: async () => {},
      },
      deadLetter:
        flags.deadLetter === undefined ? undefined : { append: main.keepLetter, close: async () => {} },
      onOutage: (sentence) => main.tell({ kind: 'outage', sentence }),
      newLedger: (destination, signal) => {
        const ledger = createLedger(destination, signal);
        ledgers.push({ destination, signal, ledger });
        return ledger;
      },
    },
    talliesOf: (accounts) =>
      accounts.flatMap(({ destination, signal }) =>
        ledgers
          .filter((one) => one.destination === destination && one.signal === signal)
          .map(({ ledger }) => ({ destination, signal, tally: ledger.tally() })),
      ),
  };
}
