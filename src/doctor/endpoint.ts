import { type Finding, ok, warn } from './finding.ts';
import { knockAt } from './knock.ts';
import { reach } from './reach.ts';
import { ABOUT, type SignalProbe } from './signal-probe.ts';

/** From the name to the receiver's answer, each step only when the one before it is ok. */
export async function checkEndpoints(probes: readonly SignalProbe[]): Promise<readonly Finding[]> {
  const findings: Finding[] = [settings(probes)];
  const reached = new Map<string, boolean>();
  /** What is taken, as the findings call it. */
  const taken = new Set<string>();
  for (const probe of probes) {
    const { origin } = probe.url;
    if (!reached.has(origin)) {
      const steps = await reach(probe);
      findings.push(...steps);
      reached.set(
        origin,
        steps.every(({ level }) => level !== 'fail'),
      );
    }
    if (reached.get(origin) !== true) continue;
    const finding = await knockAt(probe);
    if (finding.level === 'ok') taken.add(finding.about);
    findings.push(finding);
  }
  return findings.map((finding) => (taken.size > 0 ? withoutIt(finding) : finding));
}

/** Where flags, variables and defaults lead in the end. */
function settings(probes: readonly SignalProbe[]): Finding {
  if (probes.length === 0)
    return warn('Receiver', 'Nothing is to be sent to it.', 'Leave out --no-traces or --no-metrics.');
  const alike = new Set(probes.map(({ manner }) => manner)).size === 1;
  const ways = probes.map(
    ({ signal, shown, manner }) => `${signal} to ${shown}${alike ? '' : `, ${manner}`}`,
  );
  return ok('Receiver', alike ? `${ways.join(', ')}: ${probes[0]?.manner}.` : `${ways.join('; ')}.`);
}

/** Many receivers are for traces alone, or for metrics. */
function withoutIt(finding: Finding): Finding {
  const signal = (
    [
      ['traces', 'metrics'],
      ['metrics', 'traces'],
    ] as const
  ).find(([refused]) => finding.level === 'fail' && finding.about === ABOUT[refused]);
  if (signal === undefined) return finding;
  const [refused, other] = signal;
  return {
    ...finding,
    next: `${finding.next} If the receiver takes ${other} alone, send it no ${refused}: --no-${refused}.`,
  };
}
