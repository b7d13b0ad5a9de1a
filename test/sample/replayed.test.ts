import { describe, expect, test } from '@jest/globals';
import { epochMicros } from '../../src/model/time.ts';
import { sampleLog } from '../../src/sample/sample-log.ts';
import { replayText } from '../replayed.ts';
import { runMain } from '../run-main.ts';

const log = sampleLog('sample', epochMicros(1_795_000_000_000_000)).join('\n');
const { spans } = replayText(log);

describe('the sample, replayed', () => {
  test('is six spans in one trace, with the right parents', () => {
    const names = new Map(spans.map((span) => [span.spanId, span.kind]));
    expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(1);
    expect(
      spans.map(({ kind, parentSpanId }) => `${kind} < ${parentSpanId && names.get(parentSpanId)}`).sort(),
    ).toEqual([
      'api_call < turn',
      'api_call < turn',
      'session < undefined',
      'tool_call < turn',
      'tool_call < turn',
      'turn < session',
    ]);
  });

  test('is whole: nothing odd, nothing incomplete', async () => {
    expect(spans.filter(({ incomplete }) => incomplete !== undefined)).toEqual([]);
    expect((await runMain(['replay', '-', '--strict'], { stdin: log })).code).toBe(0);
  });

  test('is seven metrics, and as OpenMetrics a file with an end', async () => {
    const { code, out } = await runMain(['replay', '-', '-e', 'openmetrics'], { stdin: log });
    expect(out.match(/^# TYPE \S+/gm)).toEqual([
      '# TYPE hermes_gen_ai_client_operation_duration_seconds',
      '# TYPE hermes_gen_ai_client_token_usage',
      '# TYPE hermes_hermes_tool_duration_seconds',
      '# TYPE hermes_hermes_turn_duration_seconds',
      '# TYPE hermes_hermes_turn_api_call_count',
      '# TYPE hermes_hermes_turn_tool_call_count',
      '# TYPE hermes_hermes_session_turn_count',
    ]);
    expect([code, out.endsWith('\n# EOF\n')]).toEqual([0, true]);
  });
});
