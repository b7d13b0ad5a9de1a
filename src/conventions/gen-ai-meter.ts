import type { Attributes, Measurement } from '../model/otel.ts';
import { type CallLabels, callLabels, measureCall } from './call-meter.ts';
import { operationDuration, timeToFirstChunk, tokenUsage } from './instruments.ts';
import { labelIndex } from './labels.ts';
import { semanticProvider } from './providers.ts';
import type { Context, Meter } from './rules.ts';

const NOTHING: readonly Measurement[] = [];

/** The client metrics of the GenAI semantic conventions 1.41. Input tokens include cached ones, as on the spans. */
export function genAiMeter(context: Context): Meter {
  const calls = labelIndex((...values) => modelCallLabels(context, ...values));
  return {
    instruments: [operationDuration, tokenUsage, timeToFirstChunk],
    measure(span) {
      if (span.kind !== 'api_call' && span.kind !== 'auxiliary_call') return NOTHING;
      const labels = calls(span.model, span.responseModel, span.provider, span.error?.type, span.baseUrl);
      return measureCall(span, labels, span.usage?.promptTokens);
    },
  };
}

function modelCallLabels(
  context: Context,
  model?: string,
  responseModel?: string,
  provider?: string,
  error?: string,
  baseUrl?: string,
): CallLabels {
  const labels: Attributes = { 'gen_ai.operation.name': 'chat' };
  if (provider !== undefined) labels['gen_ai.provider.name'] = semanticProvider(provider);
  if (model !== undefined) labels['gen_ai.request.model'] = model;
  if (responseModel !== undefined) labels['gen_ai.response.model'] = responseModel;
  if (error !== undefined) labels['error.type'] = error;
  if (baseUrl !== undefined) {
    const { address, port } = context.server(baseUrl);
    if (address !== undefined) labels['server.address'] = address;
    if (port !== undefined) labels['server.port'] = port;
  }
  return callLabels(labels);
}
