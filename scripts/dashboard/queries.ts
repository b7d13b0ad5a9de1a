/**
 * The PromQL of the dashboard. It has to be right for two kinds of series: a live agent's, which grow little by little, and a
 * replay's, which appear once with their final value and then stand still. `rate()` and `increase()` show nothing of the
 * second kind, because a series' first sample is not an increase to them; so neither is used here.
 */

/** Names as the Collector's prometheus exporter writes them with `namespace: hermes`. */
export const METRIC = {
  apiSeconds: 'hermes_gen_ai_client_operation_duration_seconds',
  tokens: 'hermes_gen_ai_client_token_usage',
  toolSeconds: 'hermes_hermes_tool_duration_seconds',
  turnSeconds: 'hermes_hermes_turn_duration_seconds',
  apiCallsPerTurn: 'hermes_hermes_turn_api_call_count',
  toolCallsPerTurn: 'hermes_hermes_turn_tool_call_count',
  turns: 'hermes_hermes_session_turn_count_total',
} as const;

export const LABEL = {
  model: 'gen_ai_request_model',
  tokenType: 'gen_ai_token_type',
  tool: 'hermes_tool_name',
} as const;

/** The window of the line panels: a dashboard variable, so that it can be as long as the range on the screen. */
const WINDOW = '$window';
/** One step of a bar panel, so that its bars add up to what was counted. */
const STEP = '$__interval';

/** The last value seen in the dashboard's range, also when the series has ended since. */
export function lastSeen(series: string): string {
  return `sum(last_over_time(${series}[$__range]))`;
}

/** Sum over count of a histogram, over all that its series hold. */
export function lastSeenMean(histogram: string): string {
  return `${lastSeen(`${histogram}_sum`)} / ${lastSeen(`${histogram}_count`)}`;
}

/**
 * How much `series` grew in the `span` before each point. A series that was not there before grew from nothing, and so did one
 * that is lower than before (its process, or its replay, began again): both count with their whole value.
 */
function growth(series: string, span: string): string {
  return `(${series} - ${series} offset ${span} >= 0 or ${series})`;
}

export function growthPerStep(series: string, by: string): string {
  return `sum by (${by}) ${growth(series, STEP)}`;
}

/** `quantile` is between 0 and 1. */
export function windowQuantile(histogram: string, quantile: number): string {
  return `histogram_quantile(${quantile}, sum by (le) ${growth(`${histogram}_bucket`, WINDOW)})`;
}

/** `by` absent: one mean over all series. */
export function windowMean(histogram: string, by?: string): string {
  const sum = by === undefined ? 'sum' : `sum by (${by})`;
  return `${sum} ${growth(`${histogram}_sum`, WINDOW)} / ${sum} ${growth(`${histogram}_count`, WINDOW)}`;
}
