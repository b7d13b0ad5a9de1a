/** Everything that is measured: a name, what it replays, and how it is run. Each takes a log and the receiver's address. */
import { devNull } from 'node:os';
import { measure, measureNode, pathOf } from './measure.js';

const BIN = '../../bin/hermes-otel.js';

/** @param python see `seedPython`; without one the live plugin is left out */
export function contenders(python) {
  return [
    { name: 'bare', run: (log) => measureNode('bare.js', [log]) },
    { name: 'otlp', sends: true, run: (log, url) => replay(log, ['-e', 'otlp', '--endpoint', url]) },
    { name: 'otlp_file', run: (log) => toFile(log) },
    { name: 'sdk', sends: true, run: (log, url) => measureNode('sdk-way.js', [log, url]) },
    ...(python === undefined
      ? []
      : [{ name: 'seed', small: true, run: (log, url) => seed(python, log, url) }]),
  ];
}

/**
 * Of one large log: by one job, by two, and what two cores can do at best: two replays that know nothing of each other,
 * each of half as many events. To a file, as a receiver would take one of the cores.
 */
export function jobContenders(half) {
  return [
    { name: 'one job', run: (log) => toFile(log) },
    { name: 'two jobs', run: (log) => toFile(log, ['--jobs', '2']) },
    { name: 'two replays of half a log', run: () => atOnce([toFile(half.path), toFile(half.path)]) },
  ];
}

async function atOnce(runs) {
  const used = await Promise.all(runs);
  const sum = (of) => used.reduce((total, one) => total + of(one), 0);
  return {
    wallMillis: Math.max(...used.map((one) => one.wallMillis)),
    cpuMillis: sum((one) => one.cpuMillis),
    rssMb: sum((one) => one.rssMb),
  };
}

function toFile(log, words = []) {
  return replay(log, ['-e', 'otlp_file', '-o', devNull, ...words]);
}

export function replay(log, words) {
  return measureNode(BIN, ['replay', log, '-q', ...words]);
}

function seed(python, log, url) {
  return measure(python, [pathOf('seed_plugin.py'), log], {
    HERMES_OTEL_EXPORTER: 'otlp',
    HERMES_OTEL_CAPTURE_CONTENT: 'false',
    HERMES_OTEL_LOG_FILE: '',
    OTEL_EXPORTER_OTLP_ENDPOINT: url,
  });
}
