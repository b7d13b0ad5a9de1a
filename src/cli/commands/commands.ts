/** The commands, in the order of the help. */
import type { CommandEntry } from '../command.ts';

export const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'replay',
    summary: 'Replay logs as traces and metrics, with their original timestamps',
    load: async () => (await import('./replay-command.ts')).REPLAY,
  },
  {
    name: 'consume',
    summary: 'Replay logs from a Kafka topic, shared by a consumer group',
    load: async () => (await import('./consume.ts')).CONSUME,
  },
  {
    name: 'view',
    summary: 'Show a log: waterfall and totals in the terminal, a web page, a Perfetto trace',
    load: async () => (await import('./view.ts')).VIEW,
  },
  {
    name: 'sessions',
    summary: 'List the sessions of a log: when, first words, duration, turns, tokens, cost, errors',
    load: async () => (await import('./sessions.ts')).SESSIONS,
  },
  {
    name: 'diff',
    summary: 'Compare two logs: turns, calls, tools, tokens, errors and durations by model and tool',
    load: async () => (await import('./diff.ts')).DIFF,
  },
  {
    name: 'validate',
    summary: 'Check a log without replaying it: what is odd, and what that does to the trace',
    load: async () => (await import('./validate.ts')).VALIDATE,
  },
  {
    name: 'convert',
    summary: 'Write a database of Hermes as the hook log that a recorder would have written',
    load: async () => (await import('./convert.ts')).CONVERT,
  },
  {
    name: 'send',
    summary: 'Send files of OTLP/JSON lines to a receiver',
    load: async () => (await import('./send.ts')).SEND,
  },
  {
    name: 'init',
    summary: 'Install the recorder in Hermes, or remove it; asks first',
    load: async () => (await import('./init.ts')).INIT,
  },
  {
    name: 'stack',
    summary: 'Write and check a viewing stack of Jaeger, Prometheus and Grafana',
    load: async () => (await import('./stack.ts')).STACK,
  },
  {
    name: 'doctor',
    summary: 'Diagnose why traces do not arrive',
    load: async () => (await import('../doctor/doctor.ts')).DOCTOR,
  },
  {
    name: 'config',
    summary: 'Print the settings of a replay, and where each comes from',
    load: async () => (await import('./config.ts')).CONFIG,
  },
  {
    name: 'record',
    summary: 'Append the event on standard input to a log (the command of a Hermes shell hook)',
    load: async () => (await import('./record-command.ts')).RECORD,
  },
  {
    name: 'completion',
    summary: 'Print a shell completion script for bash, zsh or fish',
    load: async () => (await import('./completion-command.ts')).completion(COMMANDS),
  },
];
