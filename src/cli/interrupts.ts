/** Ctrl-C and SIGTERM: the first ends the reading, so that what was read still leaves; the second leaves at once. */
import type { Io } from './io.ts';

export type Interrupt = 'SIGINT' | 'SIGTERM';

export interface Interrupts {
  /** Aborted at the first signal. */
  readonly signal: AbortSignal;
  received(): Interrupt | undefined;
  stop(): void;
}

export function watchInterrupts(io: Io): Interrupts {
  const controller = new AbortController();
  let received: Interrupt | undefined;
  const note = (name: Interrupt) => () => {
    if (received !== undefined) {
      stop();
      // Without a listener of ours the signal does what it does to any program.
      io.kill(io.pid, name);
    }
    received ??= name;
    controller.abort();
  };
  const onInt = note('SIGINT');
  const onTerm = note('SIGTERM');
  io.on('SIGINT', onInt);
  io.on('SIGTERM', onTerm);
  return { signal: controller.signal, received: () => received, stop };

  function stop(): void {
    io.off('SIGINT', onInt);
    io.off('SIGTERM', onTerm);
  }
}
