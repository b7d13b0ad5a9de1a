/** What a soak shows. */
import { readFileSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';
import { markdownTable } from 'markdown-table';

const ROWS = 12;

/** Of a process, in MB; `undefined` when it is gone. */
export function memoryOf(pid) {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const megabytes = (name) =>
      Math.round(Number(status.match(new RegExp(`${name}:\\s+(\\d+)`))?.[1]) / 1024);
    const memory = { rssMb: megabytes('VmRSS'), peakMb: megabytes('VmHWM') };
    return Number.isNaN(memory.rssMb) ? undefined : memory;
  } catch {
    return undefined;
  }
}

/** Evenly over the run, its last moment included. */
export function tableOf(samples) {
  const step = Math.max(1, Math.ceil(samples.length / ROWS));
  const shown = samples.filter((_, at) => (samples.length - 1 - at) % step === 0);
  const rows = shown.map(({ seconds, lines, rssMb }) => [
    `${Math.round(seconds)} s`,
    lines.toLocaleString('en'),
    `${rssMb} MB`,
  ]);
  return markdownTable([['after', 'lines read', 'resident memory'], ...rows], { align: 'r' });
}

export function summaryOf(reported, code, rate, samples) {
  const said = reported.split('\n').filter((line) => /^(replayed|sent)/.test(line));
  const peak = Math.max(...samples.map(({ peakMb }) => peakMb));
  const machine = `Node ${process.versions.node}, ${availableParallelism()} processors, load average ${loadavg()[0].toFixed(1)}`;
  return [...said, `${Math.round(rate)} events per second; peak ${peak} MB; exit ${code}; ${machine}`].join(
    '\n',
  );
}
