/** Ctrl-C, SIGTERM, a terminal that closes: the first ends the reading, so that what was read still leaves; the second leaves at once. */
import type { Io } from './io.ts';

const INTERRUPTS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
export type Interrupt = (typeof INTERRUPTS)[number];

export interface Interrupts {
  /** Aborted at the first signal. */
  readonly signal: AbortSignal;
  received(): Interrupt | undefined;
  stop(): void;
  /**
   * After everything: where the terminal is gone, the process leaves by the signal that told so. Node.js aborts with a
   * core dump when it ends in the ordinary way and cannot set the terminal back as it was.
   */
  leave(): void;
}

export function watchInterrupts(io: Io): Interrupts {
  const controller = new AbortController();
  let received: Interrupt | undefined;
  const listeners = INTERRUPTS.map((name) => [name, () => note(name)] as const);
  for (const [name, listener] of listeners) io.on(name, listener);
  return { signal: controller.signal, received: () => received, stop, leave };

  function note(name: Interrupt): void {
    // A terminal that closes may say so more than once: that is no hurry.
    if (received !== undefined && name === 'SIGHUP') return;
    if (received !== undefined) {
      stop();
      // Without a listener of ours the signal does what it does to any program.
      io.kill(io.pid, name);
    }
    received ??= name;
    controller.abort();
  }

  function leave(): void {
    if (received === 'SIGHUP') io.kill(io.pid, 'SIGHUP');
  }

  function stop(): void {
    for (const [name, listener] of listeners) io.off(name, listener);
  }
}
