import type { UntimedEvent } from '../model/line.ts';

/** True for what `hermes hooks test` and `hermes hooks doctor` send: they use these literal ids in every version. */
export function isTestPayload(event: UntimedEvent): boolean {
  return (
    event.sessionId === 'test-session' ||
    event.taskId === 'test-task' ||
    event.turnId === 'test-turn' ||
    (event.hook === 'subagent_stop' && event.sessionId === 'parent-sess') ||
    (isToolCall(event) && event.toolCallId === 'test-call')
  );
}

function isToolCall(event: UntimedEvent) {
  return event.hook === 'pre_tool_call' || event.hook === 'post_tool_call';
}
