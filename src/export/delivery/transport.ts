import type { ContentType } from '../otlp/encoder.ts';

/** Carries the requests of one signal to one receiver or file. */
export interface Transport<Body = Uint8Array> {
  /** The destination for people: a URL without its secrets, a file name. */
  readonly destination: string;
  readonly contentType: ContentType;
  /** Prepares a body once (compresses it, for example) for as many attempts as it takes. Attempts never throw. */
  prepare(body: Body): Attempt;
}

/** One attempt. Aborting `signal` ends it early, with whatever answer that leads to. */
export type Attempt = (signal: AbortSignal) => Promise<Answer>;

/** One of each signal. */
export interface Signals<T> {
  readonly traces: T;
  readonly metrics: T;
  readonly logs: T;
}

export type SignalName = keyof Signals<unknown>;

export function eachSignal<T>(make: (signal: SignalName) => T): Signals<T> {
  return { traces: make('traces'), metrics: make('metrics'), logs: make('logs') };
}

/** The signals of one receiver. */
export interface Transports extends Signals<Transport> {
  /** Frees sockets and files, after everything is delivered. */
  close(): Promise<void>;
}

/** The signals of one receiver, each over a transport of its own. */
export function transportsOf(make: (signal: SignalName) => Transport & { close(): void }): Transports {
  const transports = eachSignal(make);
  return {
    ...transports,
    async close() {
      for (const transport of Object.values(transports)) transport.close();
    },
  };
}

/** The result of one attempt, whatever the protocol. Sentences contain no secrets and no line ends. */
export type Answer =
  /** `rejected` items were refused (`partialSuccess`). `message` is the receiver's own text, '' when there is none. */
  | { readonly kind: 'accepted'; readonly rejected: number; readonly message: string }
  /** Worth another try: busy, restarting, or not reached (`reached` is false when no answer of any kind came). */
  | {
      readonly kind: 'transient';
      readonly sentence: string;
      readonly reached: boolean;
      /** The receiver's own wish; `undefined` when it has none. */
      readonly retryAfterMillis: number | undefined;
    }
  /**
   * Another try would lead to the same answer. With `mayPass` that is not certain, because the answer says nothing about
   * the data: a rotated token, an ingress without a back end, a certificate that is being renewed.
   * `isNoReceiver`: nothing there takes this signal.
   */
  | {
      readonly kind: 'final';
      readonly sentence: string;
      readonly mayPass?: boolean;
      readonly isNoReceiver?: boolean;
    }
  /** Too large for the receiver: fewer items at once may pass. */
  | { readonly kind: 'too_large'; readonly sentence: string }
  /** The reader of our output has left on purpose (`| head`). Nothing is lost, and there is no reason to go on. */
  | { readonly kind: 'unwanted' };

/** @param reached false when no answer of any kind came */
export function transient(
  sentence: string,
  reached = true,
  retryAfterMillis?: number,
): Answer & { readonly kind: 'transient' } {
  return { kind: 'transient', sentence, reached, retryAfterMillis };
}
