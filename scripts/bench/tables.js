/** What a run of the benchmark shows. All is per event, as the contenders do not all replay the same log. */
import { markdownTable } from 'markdown-table';

/** How many times as fast as another, by CPU time and by wall time. */
export function ratiosOf(results) {
  return { cpu: ratiosBy(results, 'cpuMillis'), wall: ratiosBy(results, 'wallMillis') };
}

function ratiosBy(results, time) {
  const perEvent = new Map(results.map((result) => [result.name, result[time] / result.events]));
  const ratio = (ours, other) => perEvent.get(other) / perEvent.get(ours);
  const ratios = {
    'otlp to bare': ratio('otlp', 'bare'),
    'otlp to floor': ratio('otlp', 'floor'),
    'otlp_file to bare': ratio('otlp_file', 'bare'),
    'otlp to bare, raw log': ratio('otlp, raw log', 'bare, raw log'),
    'otlp to sdk': ratio('otlp', 'sdk'),
  };
  return perEvent.has('seed') ? { ...ratios, 'otlp to live plugin': ratio('otlp', 'seed') } : ratios;
}

const NAMES = {
  bare: '(a) read, split, `JSON.parse`',
  floor: 'the floor: the ordinary course alone',
  otlp: '**replay, OTLP/HTTP protobuf**',
  'bare, raw log': '(a), raw log',
  'otlp, raw log': '**replay, OTLP/HTTP protobuf, raw log**',
  otlp_file: '**replay, OTLP file**',
  sdk: "(b) the SDK's ordinary way",
  seed: '(c) the live plugin in Python',
};

export function comparisonTable(results, log) {
  const head = ['', 'events', 'events/s', 'spans/s', 'µs CPU per event', 'peak RSS', 'spans lost'];
  const rows = results.map(({ name, events, spans, wallMillis, cpuMillis, rssMb, lost }) => [
    NAMES[name],
    whole(events),
    whole((events / wallMillis) * 1000),
    name.startsWith('bare') ? '' : whole((spans / wallMillis) * 1000),
    ((cpuMillis / events) * 1000).toFixed(2),
    `${whole(rssMb)} MB`,
    /^(?:otlp$|otlp,|sdk)/.test(name) ? whole(lost) : '',
  ]);
  const { cpu, wall } = ratiosOf(results);
  const ratios = Object.keys(wall).map((name) => [name, cpu[name].toFixed(2), wall[name].toFixed(2)]);
  return [
    `${whole(log.events)} events, ${(log.spans / log.events).toFixed(2)} spans per event`,
    table([head, ...rows]),
    table([['times as fast', 'by CPU time', 'by wall time'], ...ratios]),
  ].join('\n\n');
}

export function sizesTable(sizes) {
  const rows = sizes.map(({ events, cpuMillis, rssMb }) => [
    whole(events),
    ((cpuMillis / events) * 1000).toFixed(2),
    `${whole(rssMb)} MB`,
  ]);
  return table([['events', 'µs CPU per event, start-up included', 'peak RSS'], ...rows]);
}

export function startTable(starts) {
  const [nothing] = starts;
  const rows = starts.map(({ name, wallMillis, cpuMillis }) => [
    name,
    `${whole(wallMillis)} ms`,
    `${whole(cpuMillis)} ms`,
    `+${whole(cpuMillis - nothing.cpuMillis)} ms`,
  ]);
  return table([['start-up', 'wall', 'CPU', 'CPU over `node -e 0`'], ...rows]);
}

export function wideTable(wide) {
  const rows = wide.map(({ tools, cpuMillis, events }) => [
    whole(tools),
    ((cpuMillis / events) * 1000).toFixed(2),
  ]);
  return table([['tools of one turn, all open, each of another name', 'µs CPU per event'], ...rows]);
}

function table(rows) {
  return markdownTable(rows, { align: ['l', ...rows[0].slice(1).map(() => 'r')] });
}

function whole(number) {
  return Math.round(number).toLocaleString('en');
}
