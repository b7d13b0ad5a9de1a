/** The doctor's knock at a receiver's door: an empty request, sent as the exporter sends its full ones. */
import type { Knock, SignalProbe } from '../doctor/endpoint.ts';
import type { Channel, Port } from '../export/channel.ts';
import type { Answer } from '../export/delivery/answer.ts';
import { systemClock } from '../export/delivery/clock.ts';
import { grpcChannel, type OtlpGrpcSignal } from '../export/grpc/grpc-channel.ts';
import { loadGrpc } from '../export/grpc/load.ts';
import { httpChannel } from '../export/http/http-channel.ts';
import { resolveOtlpGrpc } from '../export/options/otlp-grpc-options.ts';
import { resolveOtlpHttp } from '../export/options/otlp-http-options.ts';
import { collectProblem, isProblem, type OptionProblem } from '../export/options/problem.ts';
import type { Io } from './io.ts';
import type { ReplayFlags } from './replay-flags.ts';
import { packageVersion } from './version.ts';

type Given = Pick<ReplayFlags, 'exporter' | 'endpoint' | 'header'>;

/** Probes of both signals; they share a channel, which is to be closed. */
export interface Probes {
  readonly probes: readonly SignalProbe[];
  close(): Promise<void>;
}

/** Both signals as the flags and variables lead them, or what is wrong with a flag or a variable. */
export async function signalProbes(flags: Given, env: Io['env']): Promise<Probes | OptionProblem> {
  return flags.exporter.includes('otlp_grpc') ? grpcProbes(flags, env) : httpProbes(flags, env);
}

const userAgent = () => `hermes-otel/${packageVersion()}`;

async function httpProbes(flags: Given, env: Io['env']): Promise<Probes | OptionProblem> {
  const settings = await resolveOtlpHttp(env, flags);
  if (isProblem(settings)) return settings;
  const { traces, metrics } = settings;
  return probesOf(httpChannel(settings, 1, userAgent(), systemClock), 'http', traces.url, metrics.url);
}

async function grpcProbes(flags: Given, env: Io['env']): Promise<Probes | OptionProblem> {
  const settings = await resolveOtlpGrpc(env, flags);
  if (isProblem(settings)) return settings;
  const { traces, metrics } = settings;
  return collectProblem(async () => {
    const channel = grpcChannel(loadGrpc(import.meta.url), settings, userAgent());
    return probesOf(channel, 'grpc', urlOf(traces), urlOf(metrics));
  });
}

function urlOf({ secure, target }: OtlpGrpcSignal): URL {
  return new URL(`${secure ? 'https' : 'http'}://${target}`);
}

function probesOf(channel: Channel, protocol: SignalProbe['protocol'], traces: URL, metrics: URL): Probes {
  const probe = (signal: SignalProbe['signal'], url: URL): SignalProbe => {
    const port = channel[signal];
    return { signal, protocol, url, shown: port.destination, knock: () => knock(port) };
  };
  return { probes: [probe('traces', traces), probe('metrics', metrics)], close: () => channel.close() };
}

async function knock({ contentType, transport }: Port): Promise<Knock> {
  // A message without fields: no bytes in protobuf, `{}` in JSON.
  const body = new TextEncoder().encode(contentType === 'application/json' ? '{}' : '');
  return toKnock(await transport(body)(new AbortController().signal));
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
