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
  const { body, extra } = fields;
  return {
    hook,
    source: fields.source,
    line: fields.line,
    time: fields.time,
    sessionId: text(fields, 'session_id', body.session_id, extra.session_id),
    taskId: text(fields, 'task_id', body.task_id, extra.task_id),
    turnId: text(fields, 'turn_id', body.turn_id, extra.turn_id),
    model: text(fields, 'model', body.model, extra.model),
    platform: text(fields, 'platform', body.platform, extra.platform),
    iteration: count(fields, 'iteration', body.iteration, extra.iteration),
  };
}
