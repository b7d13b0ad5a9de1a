/** The doctor's knock at a receiver's door: an empty request, sent as the exporter sends its full ones. */
import type { Knock, SignalProbe } from '../../doctor/signal-probe.ts';
import type { Channel, Port } from '../../export/channel.ts';
import type { Answer } from '../../export/delivery/answer.ts';
import { systemClock } from '../../export/delivery/clock.ts';
import { grpcChannel, type OtlpGrpcSignal } from '../../export/grpc/grpc-channel.ts';
import { loadGrpc } from '../../export/grpc/load.ts';
import { httpChannel } from '../../export/http/http-channel.ts';
import { resolveOtlpGrpc } from '../../export/options/otlp-grpc-options.ts';
import { resolveOtlpHttp } from '../../export/options/otlp-http-options.ts';
import { collectProblem, isProblem, type OptionProblem } from '../../export/options/problem.ts';
import type { Io } from '../io.ts';
import type { ReplayFlags } from '../replay-flags.ts';
import { packageVersion } from '../version.ts';

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
  const way = (signal: typeof traces): Way => ({
    url: signal.url,
    manner: [signal.protocol, ...manner(signal)].join(', '),
  });
  return probesOf(httpChannel(settings, 1, userAgent(), systemClock), 'http', way(traces), way(metrics));
}

async function grpcProbes(flags: Given, env: Io['env']): Promise<Probes | OptionProblem> {
  const settings = await resolveOtlpGrpc(env, flags);
  if (isProblem(settings)) return settings;
  const way = (signal: OtlpGrpcSignal): Way => ({ url: urlOf(signal), manner: manner(signal).join(', ') });
  return collectProblem(async () => {
    const channel = grpcChannel(loadGrpc(import.meta.url), settings, userAgent());
    return probesOf(channel, 'grpc', way(settings.traces), way(settings.metrics));
  });
}

interface Way {
  readonly url: URL;
  readonly manner: string;
}

/** What HTTP and gRPC have in common; of a header, the name alone. */
function manner(
  signal: Pick<OtlpGrpcSignal, 'compression' | 'timeoutMillis' | 'headers'>,
): readonly string[] {
  const headers = Object.keys(signal.headers);
  return [
    ...(signal.compression === 'gzip' ? ['gzip'] : []),
    `within ${signal.timeoutMillis / 1000} s`,
    ...(headers.length === 0 ? [] : [`with ${headers.join(' and ')} in its headers`]),
  ];
}

function urlOf({ secure, target }: OtlpGrpcSignal): URL {
  return new URL(`${secure ? 'https' : 'http'}://${target}`);
}

function probesOf(channel: Channel, protocol: SignalProbe['protocol'], traces: Way, metrics: Way): Probes {
  const probe = (signal: SignalProbe['signal'], way: Way): SignalProbe => {
    const port = channel[signal];
    const [empty, nonsense] = BODIES[port.contentType === 'application/json' ? 'json' : 'protobuf'];
    return {
      ...way,
      signal,
      protocol,
      shown: port.destination,
      knock: () => knock(port, empty),
      knockWithNonsense: () => knock(port, nonsense),
    };
  };
  return { probes: [probe('traces', traces), probe('metrics', metrics)], close: () => channel.close() };
}

/** A message without fields, and what is no message at all. */
const BODIES = {
  json: [Buffer.from('{}'), Buffer.from('no JSON')],
  protobuf: [Buffer.alloc(0), Buffer.alloc(16, 0xff)],
} as const;

async function knock({ transport }: Port, body: Uint8Array): Promise<Knock> {
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
