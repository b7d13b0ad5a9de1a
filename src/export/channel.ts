import type { Transport } from './delivery/answer.ts';
import type { ContentType } from './encode/request-encoder.ts';

/** A way to one receiver for both signals: bodies go in, answers come out. The same for spans of a run and lines of a file. */
export interface Channel {
  readonly traces: Port;
  readonly metrics: Port;
  /** Frees sockets and files; after everything is delivered. */
  close(): Promise<void>;
}

export interface Port {
  /** As people name it, without secrets. */
  readonly destination: string;
  /** What the receiver wants bodies in. */
  readonly contentType: ContentType;
  readonly transport: Transport;
}
