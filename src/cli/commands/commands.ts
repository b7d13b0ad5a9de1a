/** The commands, in the order of the help. Each is loaded when it is called: `--help` and small replays start fast. */
import type { Command } from 'commander';
import type { Io } from '../io.ts';

export type Exit = (code: number) => void;

export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  readonly register: (program: Command, io: Io, exit: Exit) => Promise<void>;
}

export const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'replay',
    summary: 'logs → spans and metrics, at the times when things really happened',
    register: async (...to) => (await import('./replay-command.ts')).registerReplay(...to),
  },
  {
    name: 'view',
    summary: 'a log to look at: waterfall and totals in the terminal, a page, a Perfetto trace',
    register: async (...to) => (await import('./view.ts')).registerView(...to),
  },
  {
    name: 'diff',
    summary: 'two logs side by side: turns, calls, tools, tokens, errors and times by model and tool',
    register: async (...to) => (await import('./diff.ts')).registerDiff(...to),
  },
  {
    name: 'validate',
    summary: 'a look over a log without replaying it: what is odd, and what that does to the trace',
    register: async (...to) => (await import('./validate.ts')).registerValidate(...to),
  },
  {
    name: 'send',
    summary: 'files of OTLP/JSON lines → a receiver, with the account of a replay',
    register: async (...to) => (await import('./send.ts')).registerSend(...to),
  },
  {
    name: 'init',
    summary: 'set up recording in Hermes, or remove it: shows what it will do, and asks',
    register: async (...to) => (await import('./init.ts')).registerInit(...to),
  },
  {
    name: 'stack',
    summary: 'Jaeger, Prometheus and Grafana to look at traces and metrics with: write the files, check them',
    register: async (...to) => (await import('./stack.ts')).registerStack(...to),
  },
  {
    name: 'doctor',
    summary: 'what may keep traces from arriving: each thing ok, warn or fail, with the next step',
    register: async (...to) => (await import('../doctor/doctor.ts')).registerDoctor(...to),
  },
  {
    name: 'record',
    summary: 'the command of a Hermes shell hook: the event on standard input in, one line appended',
    register: async (...to) => (await import('./record-command.ts')).registerRecord(...to),
  },
  {
    name: 'completion',
    summary: 'a script that completes commands, flags, choices and files in bash, zsh or fish',
    register: async (program, io) =>
      (await import('./completion-command.ts')).registerCompletion(program, io, COMMANDS),
  },
];
