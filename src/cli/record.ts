import { appendLine } from '../record/append.ts';
import { lineOf, parseBody, readBody } from '../record/line.ts';
import { recordSettings } from '../record/settings.ts';

/** What `hermes-otel record` needs of its process. */
export interface RecordIo {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly pid: number;
  /** The descriptor of the body; absent: standard input. */
  readonly bodyFd?: number;
}

/**
 * `hermes-otel record [--out FILE]`: the command of a Hermes shell hook. It reads one JSON body, appends one line, and prints
 * nothing. It always returns 0: an exit code of 2 would block the agent's tool, any other is a warning for each event.
 * The agent waits for this process, so it loads nothing but the modules above.
 */
export async function record(argv: readonly string[], io: RecordIo): Promise<0> {
  try {
    const settings = recordSettings(argv, io.env);
    if (!settings.enabled) return 0;
    const body = parseBody(readBody(io.bodyFd ?? 0) ?? '');
    if (body !== undefined && settings.path !== undefined) {
      const redact = settings.content
        ? undefined
        : (await import('../model/redact.ts')).createRedaction().text;
      // In epoch seconds. When this process started is closer to the event than now, by Node's start-up.
      const ts = Math.round(performance.timeOrigin * 1000) / 1e6;
      appendLine(settings.path, lineOf({ ts, pid: io.pid }, body, { ...settings, redact }), settings);
    }
  } catch {
    // Nobody would read a message, and the agent must continue.
  }
  return 0;
}
