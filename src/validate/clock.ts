import type { HookEvent } from '../model/event.ts';
import type { EpochMicros } from '../model/time.ts';
import { type LintState, note } from './state.ts';

/** What several writers of one log may differ by. The reorder window of a replay is as wide by default. */
const TOLERANCE_MICROS = 5e6;

/** Notes a time before that of an earlier line, and API times that the recorder's time contradicts. */
export function checkClock(state: LintState, event: HookEvent): void {
  const latest = state.clocks.get(event.source);
  if (latest === undefined || event.time >= latest) {
    state.clocks.set(event.source, event.time);
  } else {
    noteStepBack(state, event, latest - event.time);
  }
  const told = timeToldBy(event);
  if (told !== undefined && Math.abs(told - event.time) > TOLERANCE_MICROS) {
    const apart = `${secondsOf(Math.abs(told - event.time))} apart`;
    note(state, 'clock-apart', `${event.hook}: Hermes's own time and the recorder's differ`, event, apart);
  }
}

function noteStepBack(state: LintState, event: HookEvent, micros: number): void {
  const far = micros > TOLERANCE_MICROS;
  const message = far ? 'the time jumps back by more than 5 s' : 'the time is before that of an earlier line';
  note(state, far ? 'clock-back' : 'out-of-order', message, event, `by ${secondsOf(micros)}`);
}

/** When Hermes itself says that the hook was called, nearly. Attempts share `started_at`, so a start tells nothing. */
function timeToldBy(event: HookEvent): EpochMicros | undefined {
  switch (event.hook) {
    case 'post_api_request':
    case 'api_request_error':
    case 'post_auxiliary_call':
      return event.endedAt;
    default:
      return undefined;
  }
}

function secondsOf(micros: number): string {
  return `${(micros / 1e6).toFixed(3)} s`;
}
