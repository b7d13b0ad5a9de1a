/** What one attempt to deliver one request led to, whatever the protocol. Sentences are free of secrets and of line ends. */
export type Answer =
  /** `rejected` items of it were refused (`partialSuccess`); `message` is the receiver's own word, '' without one. */
  | { readonly kind: 'accepted'; readonly rejected: number; readonly message: string }
  /** Worth trying again: busy, restarting, or not reached (`reached` false: no answer of any kind came). */
  | {
      readonly kind: 'transient';
      readonly sentence: string;
      readonly reached: boolean;
      /** The receiver's own wish; `undefined` without one. */
      readonly retryAfterMillis: number | undefined;
    }
  /** Trying again would lead to the same. */
  | { readonly kind: 'final'; readonly sentence: string }
  /** Too large for the receiver: fewer items at once may pass. */
  | { readonly kind: 'too_large'; readonly sentence: string }
  /** The reader of our output has left on purpose (`| head`): no loss, and no reason to go on. */
  | { readonly kind: 'unwanted' };

/** One attempt; aborting `signal` ends it early, with whatever answer that leads to. */
export type Attempt = (signal: AbortSignal) => Promise<Answer>;

/** Prepares a body once (compresses it, say) for as many attempts as it takes. Attempts never throw. */
export type Transport = (body: Uint8Array) => Attempt;
