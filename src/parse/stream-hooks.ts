import type { StreamDelta } from '../model/event.ts';
import { count, type Fields, text } from './fields.ts';

/** The first of a call tells when its answer began. The text of a delta is never read. */
export function readStreamDelta(fields: Fields): StreamDelta {
  const { body, extra } = fields;
  return {
    hook: 'on_stream_delta',
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
