import type { Temporality } from '../../model/otel.ts';
import { collectProblem, type OptionProblem } from './problem.ts';
import { type Env, oneOf, variable } from './settings.ts';

/**
 * `OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE`. `lowmemory` means delta for counters and histograms, and there
 * are no other instruments here.
 */
export async function resolveTemporality(
  env: Env,
): Promise<{ readonly temporality: Temporality } | OptionProblem> {
  return await collectProblem(async () => {
    const setting = variable(env, 'OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE');
    const preference = oneOf(setting, ['cumulative', 'delta', 'lowmemory'], 'cumulative');
    return { temporality: preference === 'cumulative' ? 'cumulative' : 'delta' };
  });
}
