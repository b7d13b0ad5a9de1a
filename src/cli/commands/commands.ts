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
    summary: 'Replay logs as traces and metrics, with their original timestamps',
    register: async (...to) => (await import('./replay-command.ts')).registerReplay(...to),
  },
  {
    name: 'consume',
    summary: 'Replay logs from a Kafka topic, shared by a consumer group',
    register: async (...to) => (await import('./consume.ts')).registerConsume(...to),
  },
  {
    name: 'view',
    summary: 'Show a log: waterfall and totals in the terminal, a web page, a Perfetto trace',
    register: async (...to) => (await import('./view.ts')).registerView(...to),
  },
  {
    name: 'sessions',
    summary: 'List the sessions of a log: when, first words, duration, turns, tokens, cost, errors',
    register: async (...to) => (await import('./sessions.ts')).registerSessions(...to),
  },
  {
    name: 'diff',
    summary: 'Compare two logs: turns, calls, tools, tokens, errors and durations by model and tool',
    register: async (...to) => (await import('./diff.ts')).registerDiff(...to),
  },
  {
    name: 'validate',
    summary: 'Check a log without replaying it: what is odd, and what that does to the trace',
    register: async (...to) => (await import('./validate.ts')).registerValidate(...to),
  },
  {
    name: 'convert',
    summary: 'Write a database of Hermes as the hook log that a recorder would have written',
    register: async (...to) => (await import('./convert.ts')).registerConvert(...to),
  },
  {
    name: 'send',
    summary: 'Send files of OTLP/JSON lines to a receiver',
    register: async (...to) => (await import('./send.ts')).registerSend(...to),
  },
  {
    name: 'init',
    summary: 'Install the recorder in Hermes, or remove it; asks first',
    register: async (...to) => (await import('./init.ts')).registerInit(...to),
  },
  {
    name: 'stack',
    summary: 'Write and check a viewing stack of Jaeger, Prometheus and Grafana',
    register: async (...to) => (await import('./stack.ts')).registerStack(...to),
  },
  {
    name: 'doctor',
    summary: 'Diagnose why traces do not arrive',
    register: async (...to) => (await import('../doctor/doctor.ts')).registerDoctor(...to),
  },
  {
    name: 'config',
    summary: 'Print the settings of a replay, and where each comes from',
    register: async (program, io) => (await import('./config.ts')).registerConfig(program, io),
  },
  {
    name: 'record',
    summary: 'Append the event on standard input to a log (the command of a Hermes shell hook)',
    register: async (...to) => (await import('./record-command.ts')).registerRecord(...to),
  },
  {
    name: 'completion',
    summary: 'Print a shell completion script for bash, zsh or fish',
    register: async (program, io) =>
      (await import('./completion-command.ts')).registerCompletion(program, io, COMMANDS),
  },
];
