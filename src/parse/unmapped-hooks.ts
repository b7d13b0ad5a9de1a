import type { Unmapped } from '../model/event.ts';
import { type Fields, text } from './fields.ts';

/** Hooks of Hermes that are no span and no span event: they only say that their session and turn were alive. */
export const UNMAPPED_HOOKS = [
  'transform_llm_output',
  'transform_tool_result',
  'transform_terminal_output',
  'transform_api_error_classification',
  'pre_gateway_dispatch',
  'pre_command',
  'gateway_platform_event',
  'on_room_member_activity',
  'pre_transcription',
  'pre_tts_synthesis',
  'agent_loop_stopped',
  'pre_response_delivery',
  'on_stream_start',
  'on_stream_end',
] as const;

export function readUnmapped(fields: Fields): Unmapped {
  const { body, extra } = fields;
  return {
    hook: 'unmapped',
    source: fields.source,
    line: fields.line,
    time: fields.time,
    sessionId: text(fields, 'session_id', body.session_id, extra.session_id),
    taskId: taskId(fields),
    turnId: text(fields, 'turn_id', body.turn_id, extra.turn_id),
    model: text(fields, 'model', body.model, extra.model),
    platform: text(fields, 'platform', body.platform, extra.platform),
    name: fields.hook,
  };
}

/** That of `transform_terminal_output` is literally `default`, in children too: the name of a terminal, not of a task. */
function taskId(fields: Fields): string | undefined {
  const { body, extra } = fields;
  const id = text(fields, 'task_id', body.task_id, extra.task_id);
  return id === 'default' && fields.hook === 'transform_terminal_output' ? undefined : id;
}
