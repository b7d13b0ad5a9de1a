/**
 * What happens inside a span, as log records tied to it: retries, failures, approvals and hooks that are moments. Many
 * back ends drop span events, and none of them searches for them.
 */
import { type Attributes, type OtelLog, type OtelSpan, STATUS_CODE } from '../model/otel.ts';
import type { AgentSpan } from '../model/span.ts';

/** In order of time. Empty for most spans. */
export function spanLogs(span: AgentSpan, otel: Omit<OtelSpan, 'logs'>): readonly OtelLog[] {
  const logs = [...retry(span), ...moments(otel), ...failure(span, otel), ...approval(span)];
  for (const { attributes } of logs) attributes['hermes.session.id'] = span.sessionId;
  return logs;
}

function retry(span: AgentSpan): readonly OtelLog[] {
  if (!('retryCount' in span) || span.retryCount === 0) return [];
  const attributes: Attributes = { 'hermes.retry_count': span.retryCount };
  if (span.model !== undefined) attributes['gen_ai.request.model'] = span.model;
  const body = `attempt ${span.retryCount + 1} of a model call`;
  return [{ time: span.startTime, name: 'hermes.retry', severity: 'WARN', body, attributes }];
}

/** The span events: `exception` of a failed call, and hooks such as `on_skill_lifecycle`. */
function moments({ events }: Pick<OtelSpan, 'events'>): readonly OtelLog[] {
  return events.map(({ time, name, attributes }) => {
    const message = attributes['exception.message'] ?? attributes['exception.type'];
    const severity = name === 'exception' ? 'ERROR' : 'INFO';
    return {
      time,
      name,
      severity,
      body: typeof message === 'string' ? message : name,
      attributes: { ...attributes },
    };
  });
}

/** Of spans that fail without an exception: tools, turns, sub-agents. */
function failure(span: AgentSpan, { status }: Pick<OtelSpan, 'status'>): readonly OtelLog[] {
  if (status.code !== STATUS_CODE.error || 'retryCount' in span) return [];
  const attributes: Attributes = {};
  if (span.kind === 'tool_call') attributes['gen_ai.tool.name'] = span.toolName;
  const body = status.message ?? `the ${span.kind} failed`;
  return [{ time: span.endTime, name: `hermes.${span.kind}.failed`, severity: 'ERROR', body, attributes }];
}

function approval(span: AgentSpan): readonly OtelLog[] {
  if (span.kind !== 'approval' || span.incomplete !== undefined) return [];
  const attributes: Attributes = {};
  if (span.choice !== undefined) attributes['hermes.approval.choice'] = span.choice;
  if (span.granted !== undefined) attributes['hermes.approval.granted'] = span.granted;
  if (span.surface !== undefined) attributes['hermes.approval.surface'] = span.surface;
  if (span.patternKey !== undefined) attributes['hermes.approval.pattern_key'] = span.patternKey;
  const severity = span.granted === false ? 'WARN' : 'INFO';
  const body = `approval: ${span.choice ?? 'no answer'}`;
  return [{ time: span.endTime, name: 'hermes.approval', severity, body, attributes }];
}
