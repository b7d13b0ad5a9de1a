import { appendLine } from '../record/append.ts';
import { parseBody, readBody } from '../record/body.ts';
import { lineOf } from '../record/line.ts';
import { recordSettings } from '../record/settings.ts';

/** The little that `hermes-otel record` needs of the world; `process` fits it. */
export interface RecordIo {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly pid: number;
  /** Where the body is read from; standard input when absent. */
  readonly bodyFd?: number;
}

/**
 * `hermes-otel record [--out FILE]`: the command of a Hermes shell hook. One JSON body in, one line appended, nothing
 * printed. The answer is always 0, whatever happens: an exit of 2 would block the agent's tool, any other is a warning
 * per event. The agent waits for this process, so it loads nothing but what stands above.
 */
export async function record(argv: readonly string[], io: RecordIo): Promise<0> {
  try {
    const settings = recordSettings(argv, io.env);
    if (!settings.enabled) {
      return 0;
    }
    const body = parseBody(readBody(io.bodyFd ?? 0) ?? '');
    if (body !== undefined && settings.path !== undefined) {
      appendLine(settings.path, lineOf({ ts: processStart(), pid: io.pid }, body, settings), settings);
    }
  } catch {
    // Nobody reads a message, and the agent must go on.
  }
  return 0;
}

/** When this process was started, in epoch seconds: closer to the event than "now", by all of Node's start-up. */
function processStart(): number {
  return Math.round(performance.timeOrigin * 1000) / 1e6;
}
