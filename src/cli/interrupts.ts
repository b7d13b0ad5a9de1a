/** Ctrl-C, SIGTERM and a closed terminal. The first signal stops reading, and what was read is still sent; the second one kills the process. */
import type { Io } from './io.ts';

const INTERRUPTS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
export type Interrupt = (typeof INTERRUPTS)[number];

export type Interrupts = ReturnType<typeof watchInterrupts>;

export function watchInterrupts(io: Io) {
  const controller = new AbortController();
  const signal: AbortSignal = controller.signal;
  let received: Interrupt | undefined;
  const listeners = INTERRUPTS.map((name) => [name, () => note(name)] as const);
  for (const [name, listener] of listeners) io.on(name, listener);
  return {
    /** Aborted at the first signal. */
    signal,
    received: () => received,
    stop,
    leave,
  };

  function note(name: Interrupt): void {
    // A closing terminal may send SIGHUP more than once. That is not a request to hurry.
    if (received !== undefined && name === 'SIGHUP') return;
    if (received !== undefined) {
      stop();
      // Without our listener the signal has its default effect.
      io.kill(io.pid, name);
    }
    received ??= name;
    controller.abort();
  }

  /**
   * Called last, instead of `stop`. After SIGHUP the process ends by that signal: Node.js aborts with a core dump when it exits
   * normally and cannot restore the terminal.
   */
  function leave(): void {
    stop();
    if (received === 'SIGHUP') io.kill(io.pid, 'SIGHUP');
  }

  function stop(): void {
    for (const [name, listener] of listeners) io.off(name, listener);
  }
}
