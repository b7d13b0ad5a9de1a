/** One line of the end-to-end checklist: what was asked, what was found, and what to do when that is not enough. */
export interface StepResult {
  readonly name: string;
  readonly ok: boolean;
  /** One sentence. */
  readonly found: string;
  /** `undefined` when the step is ok. */
  readonly next: string | undefined;
}

/** Base addresses, without a trailing slash. */
export interface StackAddresses {
  /** OTLP over HTTP. */
  readonly collector: string;
  /** The Collector's health check. */
  readonly health: string;
  readonly jaeger: string;
  readonly prometheus: string;
  readonly grafana: string;
}

/** What became of the six-span sample. */
export interface SentSample {
  readonly traceId: string;
  /** One sentence each; empty: everything was accepted. */
  readonly problems: readonly string[];
}

/** What the checklist needs of the world. */
export interface CheckWorld {
  readonly addresses: StackAddresses;
  /** Sends the sample to the Collector. Rejects only for our own mistakes. */
  sendSample(endpoint: string): Promise<SentSample>;
  /** How long a receiver may take to show what it was sent. */
  readonly waitMillis: number;
  /** Milliseconds of a clock that never goes back. */
  now(): number;
  sleep(millis: number): Promise<unknown>;
}

export function ok(name: string, found: string): StepResult {
  return { name, ok: true, found, next: undefined };
}

export function failed(name: string, found: string, next: string): StepResult {
  return { name, ok: false, found, next };
}
