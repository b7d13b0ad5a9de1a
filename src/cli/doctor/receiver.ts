/** Checks the receiver for the doctor: settings, connection, an empty request per signal, the clock, and a sample on request. */
import {
  type Finding,
  fail,
  finding,
  ok,
  splitOptionProblem,
  type Verdict,
  warn,
} from '../../doctor/finding.ts';
import { checkClock } from '../../doctor/machine.ts';
import { checkReceivers, type SignalProbe } from '../../doctor/probe.ts';
import { grpcTransports, loadGrpc, type OtlpGrpcSignal } from '../../export/grpc/transport.ts';
import { httpTransports } from '../../export/http/transport.ts';
import { resolveOtlpGrpc, resolveOtlpHttp } from '../../export/settings/otlp.ts';
import { OptionError } from '../../export/settings/settings.ts';
import { packageVersion } from '../../replay/origin.ts';
import type { Io } from '../io.ts';
import type { ReplayFlags } from '../replay-flags.ts';

type ReceiverFlags = Pick<ReplayFlags, 'exporter' | 'endpoint' | 'header' | 'traces' | 'metrics'> & {
  readonly sendTest: boolean;
};

/** Each check runs only when those before it did not fail. */
export async function* receiverFindings(flags: ReceiverFlags, io: Io): AsyncGenerator<Finding> {
  const sends =
    flags.exporter.some((name) => name === 'otlp' || name === 'otlp_grpc') || flags.endpoint !== undefined;
  if (!sends) {
    yield finding(
      'Receiver',
      ok(
        `The exporter is ${flags.exporter.join(', ')}: nothing is sent to a receiver. Use \`-e otlp\` or --endpoint to check one.`,
      ),
    );
    return;
  }
  let opened: Probes;
  try {
    opened = flags.exporter.includes('otlp_grpc') ? grpcProbes(flags, io.env) : httpProbes(flags, io.env);
  } catch (error) {
    if (!(error instanceof OptionError)) throw error;
    yield finding('Receiver', fail(...splitOptionProblem(error.message)));
    return;
  }
  const probes = opened.probes.filter(({ signal }) => flags[signal]);
  const findings = await checkReceivers(probes);
  await opened.close();
  yield* findings;
  if (findings.some(({ level }) => level === 'fail')) {
    if (flags.sendTest)
      yield finding('Sample', warn('It was not sent.', 'Solve the problems above, then try again.'));
    return;
  }
  if (probes[0]?.protocol === 'http') yield* await clockFindings(probes[0]);
  if (flags.sendTest) yield finding('Sample', await sendSampleTo(probes[0]?.protocol ?? 'http', flags, io));
}

async function clockFindings(probe: SignalProbe): Promise<readonly Finding[]> {
  try {
    const answer = await fetch(probe.url.origin, { method: 'HEAD', signal: AbortSignal.timeout(3_000) });
    const verdict = checkClock(answer.headers.get('date') ?? undefined, Date.now());
    return verdict === undefined ? [] : [finding('Clock', verdict)];
  } catch {
    // Some receivers answer OTLP requests only. Their clock stays unknown.
    return [];
  }
}

async function sendSampleTo(
  protocol: SignalProbe['protocol'],
  flags: ReceiverFlags,
  io: Io,
): Promise<Verdict> {
  const { sendSample } = await import('../send-sample.ts');
  const { traceId, problems } = await sendSample(
    { ...flags, exporter: [protocol === 'grpc' ? 'otlp_grpc' : 'otlp'] },
    io.env,
    io,
  );
  const what = [...(flags.traces ? ['six spans'] : []), ...(flags.metrics ? ['seven metrics'] : [])];
  if (problems.length > 0) return fail(problems.join(' '), 'See the reasons above.');
  return ok(`Accepted ${what.join(' and ')}${flags.traces ? `: trace ${traceId}` : ''}.`);
}

type Given = Pick<ReplayFlags, 'exporter' | 'endpoint' | 'header'>;

/** Probes of both signals. They share transports, which the caller closes. */
interface Probes {
  readonly probes: readonly SignalProbe[];
  close(): Promise<void>;
}

const userAgent = () => `hermes-otel/${packageVersion()}`;

const SIGNALS = ['traces', 'metrics'] as const;

/** Probes with the settings of flags and variables. Throws an `OptionError`. */
function httpProbes(flags: Given, env: Io['env']): Probes {
  const settings = resolveOtlpHttp(env, flags);
  const transports = httpTransports(settings, 1, userAgent());
  const probes = SIGNALS.map((signal): SignalProbe => {
    const { proxy, url, protocol } = settings[signal];
    const words = [protocol, ...manner(settings[signal])].join(', ');
    // With a proxy, the connection that matters is the one to it.
    return { signal, protocol: 'http', url: proxy ?? url, manner: words, transport: transports[signal] };
  });
  return { probes, close: () => transports.close() };
}

function grpcProbes(flags: Given, env: Io['env']): Probes {
  const settings = resolveOtlpGrpc(env, flags);
  const transports = grpcTransports(loadGrpc(), settings, userAgent());
  const probes = SIGNALS.map((signal): SignalProbe => {
    const { secure, target } = settings[signal];
    const url = new URL(`${secure ? 'https' : 'http'}://${target}`);
    const words = manner(settings[signal]).join(', ');
    return { signal, protocol: 'grpc', url, manner: words, transport: transports[signal] };
  });
  return { probes, close: () => transports.close() };
}

/** Compression, timeout and the names of headers: the settings that HTTP and gRPC share. */
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
