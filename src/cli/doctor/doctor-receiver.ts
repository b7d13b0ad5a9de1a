/** The doctor at the receiver's door. */
import { checkClock } from '../../doctor/clock.ts';
import { checkEndpoints } from '../../doctor/endpoint.ts';
import { type Finding, fail, ok, warn } from '../../doctor/finding.ts';
import { cutProblem } from '../../doctor/sentence.ts';
import type { SignalProbe } from '../../doctor/signal-probe.ts';
import type { Io } from '../io.ts';
import type { ReplayFlags } from '../replay-flags.ts';

type ReceiverFlags = Pick<ReplayFlags, 'exporter' | 'endpoint' | 'header' | 'traces' | 'metrics'> & {
  readonly sendTest: boolean;
};

/** From the settings to the sample: each thing looked at only where it makes sense. */
export async function* receiverFindings(flags: ReceiverFlags, io: Io): AsyncGenerator<Finding> {
  const sends =
    flags.exporter.some((name) => name === 'otlp' || name === 'otlp_grpc') || flags.endpoint !== undefined;
  if (!sends) {
    yield ok(
      'Receiver',
      `The exporter is ${flags.exporter.join(', ')}: nothing is sent. With \`-e otlp\` or --endpoint, the receiver is looked at too.`,
    );
    return;
  }
  const { signalProbes } = await import('./signal-probes.ts');
  const opened = await signalProbes(flags, io.env);
  if ('sentence' in opened) {
    yield fail('Receiver', ...cutProblem(opened.sentence));
    return;
  }
  const probes = opened.probes.filter(({ signal }) => flags[signal]);
  const findings = await checkEndpoints(probes);
  await opened.close();
  yield* findings;
  if (findings.some(({ level }) => level === 'fail')) {
    if (flags.sendTest) yield warn('Sample', 'It was not sent.', 'Mend what is said above, then try again.');
    return;
  }
  if (probes[0]?.protocol === 'http') yield* await clockFindings(probes[0]);
  if (flags.sendTest) yield await sampleFinding(probes[0]?.protocol ?? 'http', flags, io);
}

async function clockFindings(probe: SignalProbe): Promise<readonly Finding[]> {
  try {
    const answer = await fetch(probe.url.origin, { method: 'HEAD', signal: AbortSignal.timeout(3_000) });
    const finding = checkClock(answer.headers.get('date') ?? undefined, Date.now());
    return finding === undefined ? [] : [finding];
  } catch {
    // A receiver may answer nothing but OTLP: then its clock is not known.
    return [];
  }
}

async function sampleFinding(
  protocol: SignalProbe['protocol'],
  flags: ReceiverFlags,
  io: Io,
): Promise<Finding> {
  const { sendSample } = await import('../send-sample.ts');
  const { traceId, problems } = await sendSample(
    { ...flags, exporter: [protocol === 'grpc' ? 'otlp_grpc' : 'otlp'] },
    io.env,
    io,
  );
  const about = 'Sample';
  const what = [...(flags.traces ? ['six spans'] : []), ...(flags.metrics ? ['seven metrics'] : [])];
  if (problems.length > 0)
    return fail(about, problems.join(' '), 'The sentences above say what the receiver refuses.');
  return ok(about, `Accepted ${what.join(' and ')}${flags.traces ? `: trace ${traceId}` : ''}.`);
}
