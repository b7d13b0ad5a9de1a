/** A job's view of the main thread: whom it tells, asks, and obeys. */
import type { MessagePort } from 'node:worker_threads';
import type { Answer } from '../../export/delivery/answer.ts';
import { createLending } from './lending.ts';
import type { FromJob, JobProgress, Share, ToJob } from './messages.ts';

export interface MainThread {
  tell(message: FromJob): void;
  /** To the output file. */
  writeLine(line: Uint8Array): Promise<Answer>;
  /** To the dead-letter file. @returns a sentence when it could not be kept */
  keepLetter(line: string): Promise<string | undefined>;
  /** Tells how far the job has come; returns when it may go further. */
  mayGoOn(progress: JobProgress): Promise<undefined>;
  /** What all jobs found; comes when the last of them has looked. */
  readonly ordered: Promise<Share>;
  readonly interrupt: AbortSignal;
}

export function connectMainThread(port: MessagePort): MainThread {
  const interrupt = new AbortController();
  const lines = createQuestions<Answer>();
  const letters = createQuestions<string | undefined>();
  const progress = createQuestions<undefined>();
  const ordered = new Promise<Share>((resolve) => {
    port.on('message', (message: ToJob) => {
      switch (message.kind) {
        case 'replay':
          return resolve(message);
        case 'interrupt':
          return interrupt.abort();
        case 'written':
          return lines.answer(message.number, message.answer);
        case 'kept':
          return letters.answer(message.number, message.answer);
        case 'goOn':
          return progress.answer(message.number, undefined);
        default:
          return message satisfies never;
      }
    });
  });
  const tell = (message: FromJob) => port.postMessage(message);
  const lending = createLending();
  return {
    tell,
    writeLine: (line) =>
      lending.lend(line, (lent) => lines.ask((number) => tell({ kind: 'line', number, line: lent }))),
    keepLetter: (line) => letters.ask((number) => tell({ kind: 'letter', number, line })),
    mayGoOn: (told) => progress.ask((number) => tell({ kind: 'progress', number, progress: told })),
    ordered,
    interrupt: interrupt.signal,
  };
}

/** Questions of one kind that wait for their answers. */
function createQuestions<A>() {
  const waiting = new Map<number, (answer: A) => void>();
  let asked = 0;
  return {
    ask(send: (number: number) => void): Promise<A> {
      asked += 1;
      const number = asked;
      return new Promise((resolve) => {
        waiting.set(number, resolve);
        send(number);
      });
    },
    answer(number: number, answer: A): void {
      waiting.get(number)?.(answer);
      waiting.delete(number);
    },
  };
}
