/**
 * Everything that is measured: a name, which log it replays (the main one unless `of` names another), and how it is run.
 * Each takes a log and the receiver's address.
 */
import { devNull } from 'node:os';
import { measure, measureNode, pathOf } from './measure.js';

const BIN = '../../bin/hermes-otel.js';

/** @param python see `seedPython`; without one the live plugin is left out */
export function contenders(python) {
  return [
    { name: 'bare', run: bare },
    { name: 'floor', sends: true, run: (log, url) => measureNode('floor.js', [log, url]) },
    { name: 'otlp', sends: true, run: toReceiver },
    { name: 'otlp_file', run: (log) => toFile(log) },
    { name: 'sdk', sends: true, run: (log, url) => measureNode('sdk-way.js', [log, url]) },
    { name: 'bare, raw log', of: 'raw', run: bare },
    { name: 'otlp, raw log', of: 'raw', sends: true, run: toReceiver },
    ...(python === undefined
      ? []
      : [{ name: 'seed', of: 'small', run: (log, url) => seed(python, log, url) }]),
  ];
}

function bare(log) {
  return measureNode('bare.js', [log]);
}

function toReceiver(log, url) {
  return replay(log, ['-e', 'otlp', '--endpoint', url]);
}

function toFile(log) {
  return replay(log, ['-e', 'otlp_file', '-o', devNull]);
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
