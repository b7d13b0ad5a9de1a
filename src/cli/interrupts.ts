/** Ctrl-C and SIGTERM: the first ends the reading, so that what was read still leaves. */
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
    received ??= name;
    controller.abort();
  };
  const onInt = note('SIGINT');
  const onTerm = note('SIGTERM');
  io.on('SIGINT', onInt);
  io.on('SIGTERM', onTerm);
  return {
    signal: controller.signal,
    received: () => received,
    stop: () => {
      io.off('SIGINT', onInt);
      io.off('SIGTERM', onTerm);
    },
  };
}
