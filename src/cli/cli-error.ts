/** What the program cannot start with: one sentence for the user, exit code 2. Any other throw is our own bug. */
export class CliError extends Error {
  override readonly name = 'CliError';
}
