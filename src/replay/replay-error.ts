/** Why a replay cannot run, or cannot go on. Stable: programs may test for it. */
export type ReplayErrorCode =
  /** An option has a value that the replay cannot work with. */
  | 'invalid-option'
  /** A log cannot be opened. */
  | 'unreadable-log'
  /** No line of the log has a time. */
  | 'no-times'
  /** A file that the replay should write cannot be written. */
  | 'unwritable-file'
  /** A destination cannot be opened. */
  | 'destination'
  /** The checkpoint is in use, damaged, or of another run. */
  | 'checkpoint'
  /** Another follower has taken over the checkpoint of this run, which ends. */
  | 'lost-lock';

/**
 * The one error that this library throws for what is not its own bug. `message` is one sentence for a person with the
 * next step, `code` is for a program, `cause` is the error behind it, if there is one.
 */
export class ReplayError extends Error {
  override readonly name = 'ReplayError';
  readonly code: ReplayErrorCode;

  constructor(code: ReplayErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
