/** One signal's way to its receiver, and a first knock at the door. */
export interface SignalProbe {
  readonly signal: 'traces' | 'metrics';
  readonly protocol: 'http' | 'grpc';
  readonly url: URL;
  /** The URL without its secrets. */
  readonly shown: string;
  /** What is sent and how, in a few words without secrets. */
  readonly manner: string;
  /** Sends a request without spans or points, which every receiver takes and none stores. */
  knock(): Promise<Knock>;
  /** Sends what is no OTLP: who takes that, too, has not looked. */
  knockWithNonsense(): Promise<Knock>;
}

export type Knock =
  /** `message` is what the receiver says of it; '' without a word. */
  | { readonly kind: 'accepted'; readonly message: string }
  /** The receiver answered, and does not take it; the sentence says why and what to do. */
  | { readonly kind: 'refused'; readonly sentence: string }
  | { readonly kind: 'unanswered'; readonly sentence: string };

/** What findings about a signal are called. */
export const ABOUT = { traces: 'OTLP traces', metrics: 'OTLP metrics' } as const;
