import type { UntimedEvent } from '../model/parsed-line.ts';

/** True for what `hermes hooks test` and `hermes hooks doctor` send: they use these literal ids in every version. */
export function isTestPayload(event: UntimedEvent): boolean {
  return (
    event.sessionId === 'test-session' ||
    event.taskId === 'test-task' ||
    event.turnId === 'test-turn' ||
    ('toolCallId' in event && event.toolCallId === 'test-call') ||
    (event.hook === 'subagent_stop' && event.sessionId === 'parent-sess')
  );
}
