import type { HookName } from '../model/event.ts';
import type { UntimedEvent } from '../model/line.ts';
import { type Fields, warn } from './fields.ts';

/** The hooks that come without session, task and turn in good logs too (a finalize, when no agent was ever built). */
const MAY_LACK_IDS: ReadonlySet<HookName> = new Set([
  'on_session_finalize',
  'pre_approval_request',
  'post_approval_response',
  'mark',
  'unmapped',
] as const);

/** An event that cannot be placed by any id is passed on, and said to be so. */
export function noteMissingIds(fields: Fields, event: UntimedEvent): void {
  const isPlaced = event.taskId !== undefined || event.turnId !== undefined;
  if (isPlaced || MAY_LACK_IDS.has(event.hook)) return;
  warn(
    fields,
    'missing-id',
    'no session_id, task_id or turn_id: passed on, but no session can be found by it',
  );
}
