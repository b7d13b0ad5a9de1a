/** One job as the main thread sees it: a thread that finds ties, then replays its shard; or an error. */
import { Worker } from 'node:worker_threads';
import { CliError } from '../cli-error.ts';
import type { FoundTies, FromJob, Order, Question, Reply, Result, ToJob } from './messages.ts';

export interface Job {
  readonly ties: Promise<FoundTies>;
  /** Rejects with a `CliError` when the job cannot run, and with its own error, whole, when it dies: that is our bug. */
  readonly result: Promise<Result>;
  tell(message: ToJob): void;
  stop(): Promise<unknown>;
}

/** What the main thread does for a job. */
export interface Service {
  reply(question: Question): Promise<Reply>;
  outage(sentence: string): void;
}

const THREAD = new URL('./thread.js', import.meta.url);

export function startJob(order: Order, service: Service): Job {
  const worker = new Worker(THREAD, { workerData: order });
  const ties = createPromise<FoundTies>();
  const result = createPromise<Result>();
  const fail = (error: unknown) => {
    ties.reject(error);
    result.reject(error);
  };
  const tell = (message: ToJob) => worker.postMessage(message);

  async function hear(message: FromJob): Promise<void> {
    switch (message.kind) {
      case 'tied':
        return ties.resolve(message);
      case 'done':
        return result.resolve(message);
      case 'refused':
        return fail(new CliError(message.sentence));
      case 'outage':
        return service.outage(message.sentence);
      case 'line':
      case 'letter':
      case 'progress':
        return tell(await service.reply(message));
      default:
        message satisfies never;
    }
  }

  worker.on('message', (message: FromJob) => void hear(message).catch(fail));
  worker.on('error', fail);
  worker.on('exit', (code) =>
    fail(new Error(`a job ended with exit code ${code}, in the middle of its work`)),
  );
  return { ties: ties.promise, result: result.promise, tell, stop: () => worker.terminate() };
}

function createPromise<T>() {
  let resolve: (value: T) => void = () => {};
  let reject: (error: unknown) => void = () => {};
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  // Somebody may look at it late, or never: when another job has failed before.
  promise.catch(() => {});
  return { promise, resolve, reject };
}
