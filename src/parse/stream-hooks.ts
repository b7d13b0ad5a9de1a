import type { StreamDelta, StreamEnd, StreamStart } from '../model/event.ts';
import { count, type Fields, text } from './fields.ts';

export function readStreamStart(fields: Fields): StreamStart {
  return streamEvent(fields, 'on_stream_start');
}

export function readStreamDelta(fields: Fields): StreamDelta {
  return streamEvent(fields, 'on_stream_delta');
}

export function readStreamEnd(fields: Fields): StreamEnd {
  return streamEvent(fields, 'on_stream_end');
}

/** The three differ in content only: the text of a delta is never read. */
function streamEvent<H extends string>(fields: Fields, hook: H): Omit<StreamStart, 'hook'> & { hook: H } {
  return {
    hook,
    source: fields.source,
    line: fields.line,
    time: fields.time,
    sessionId: text(fields, 'session_id'),
    taskId: text(fields, 'task_id'),
    turnId: text(fields, 'turn_id'),
    model: text(fields, 'model'),
    platform: text(fields, 'platform'),
    iteration: count(fields, 'iteration'),
  };
}
