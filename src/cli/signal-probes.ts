/** The doctor's knock at a receiver's door: an empty request, sent as the exporter sends its full ones. */
import type { Knock, SignalProbe } from '../doctor/endpoint.ts';
import type { Answer } from '../export/delivery/answer.ts';
import { systemClock } from '../export/delivery/clock.ts';
import type { OtlpHttpSignal } from '../export/http/http-channel.ts';
import { createHttpTransport } from '../export/http/transport.ts';
import { resolveOtlpHttp } from '../export/options/otlp-http-options.ts';
import { isProblem, type OptionProblem } from '../export/options/problem.ts';
import type { Io } from './io.ts';
import type { ReplayFlags } from './replay-flags.ts';
import { packageVersion } from './version.ts';

/** Both signals as the flags and variables lead them, or what is wrong with a flag or a variable. */
export async function signalProbes(
  flags: Pick<ReplayFlags, 'endpoint' | 'header'>,
  env: Io['env'],
): Promise<readonly SignalProbe[] | OptionProblem> {
  const settings = await resolveOtlpHttp(env, flags);
  if (isProblem(settings)) return settings;
  return [probe('traces', settings.traces), probe('metrics', settings.metrics)];
}

function probe(signal: SignalProbe['signal'], settings: OtlpHttpSignal): SignalProbe {
  return { signal, url: settings.url, shown: settings.destination, knock: () => knock(settings) };
}

async function knock(settings: OtlpHttpSignal): Promise<Knock> {
  const isJson = settings.protocol === 'http/json';
  const transport = createHttpTransport({
    ...settings,
    contentType: isJson ? 'application/json' : 'application/x-protobuf',
    concurrency: 1,
    userAgent: `hermes-otel/${packageVersion()}`,
    clock: systemClock,
  });
  try {
    // A message without fields: no bytes in protobuf, `{}` in JSON.
    const body = new TextEncoder().encode(isJson ? '{}' : '');
    return toKnock(await transport.post(body)(new AbortController().signal));
  } finally {
    transport.close();
  }
}

function toKnock(answer: Answer): Knock {
  switch (answer.kind) {
    case 'accepted':
      return { kind: 'accepted', message: answer.message };
    case 'final':
    case 'too_large':
      return { kind: 'refused', sentence: answer.sentence };
    case 'transient':
      return { kind: answer.reached ? 'refused' : 'unanswered', sentence: answer.sentence };
    case 'unwanted':
      return { kind: 'unanswered', sentence: 'nobody listens any more' };
    default:
      return answer satisfies never;
  }
}
