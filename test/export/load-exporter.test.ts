import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { loadExporter } from '../../src/export/load-exporter.ts';
import { OptionError } from '../../src/export/settings/settings.ts';

const CLASS = '{ export(items, done) { done({ code: 0 }); } async shutdown() {} }';
const FILES = {
  'mine.mjs': `export default class Mine ${CLASS}; export class Other ${CLASS}`,
  'only.mjs': `export class Only ${CLASS}; export const VERSION = 1;`,
  'two.mjs': `export class One ${CLASS}; export class Two ${CLASS}`,
  'object.cjs': `module.exports = { default: new (class Made ${CLASS})() };`,
  'common.cjs': `exports.Common = class Common ${CLASS};`,
  'metrics.mjs': `export class MyMetricExporter ${CLASS}`,
  'none.mjs': 'export const x = 1;',
  'throws.mjs': `export default class Bad { constructor() { throw new Error('no key\\nset KEY'); } export() {} shutdown() {} }`,
  'broken.mjs': 'import "./no-such-file.mjs";',
  'node_modules/plain/package.json': '{ "name": "plain", "main": "main.cjs" }',
  'node_modules/plain/main.cjs': `exports.PlainExporter = class PlainExporter ${CLASS};`,
  'node_modules/modern/package.json': '{ "name": "modern", "exports": { ".": { "import": "./main.mjs" } } }',
  'node_modules/modern/main.mjs': `export class ModernExporter ${CLASS}`,
};

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hermes-otel-load-'));
  for (const [name, text] of Object.entries(FILES)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
});
afterAll(() => rm(folder, { recursive: true }));

describe('an exporter', () => {
  test.each([
    ['./mine.mjs', 'Mine'],
    ['./mine.mjs#Other', 'Other'],
    ['./only.mjs', 'Only'],
    ['./two.mjs#Two', 'Two'],
    ['./object.cjs', 'Made'],
    ['./common.cjs', 'Common'],
    ['plain', 'PlainExporter'],
    ['modern', 'ModernExporter'],
    ['@opentelemetry/exporter-zipkin', 'ZipkinExporter'],
    ['@opentelemetry/exporter-trace-otlp-http', 'OTLPTraceExporter'],
    ['@opentelemetry/sdk-trace-base#ConsoleSpanExporter', 'ConsoleSpanExporter'],
  ])('of spans is found by %s', async (name, className) => {
    const loaded = await loadExporter(name, folder);
    expect('spans' in loaded && loaded.spans.constructor.name).toBe(className);
  });

  test.each([
    ['./metrics.mjs', 'MyMetricExporter'],
    ['@opentelemetry/exporter-metrics-otlp-grpc', 'OTLPMetricExporter'],
  ])('of metrics is found by %s', async (name, className) => {
    const loaded = await loadExporter(name, folder);
    expect('metrics' in loaded && loaded.metrics.constructor.name).toBe(className);
  });

  test.each([
    [
      'no-such-exporter',
      '-e no-such-exporter is not a built-in exporter and not an installed package: npm install no-such-exporter',
    ],
    ['@x/y#Z', '-e @x/y is not a built-in exporter and not an installed package: npm install @x/y'],
    ['./no-such.mjs', '-e ./no-such.mjs: there is no such file'],
    ['./two.mjs', '-e ./two.mjs has several exporters: use ./two.mjs#One or ./two.mjs#Two'],
    ['./two.mjs#Three', '-e ./two.mjs has no exporter Three: use ./two.mjs#One or ./two.mjs#Two'],
    ['./none.mjs', '-e ./none.mjs exports no class with export and shutdown'],
    ['./throws.mjs', '-e ./throws.mjs cannot be constructed: no key set KEY'],
  ])('that cannot be used is one sentence: %s', async (name, sentence) => {
    await expect(loadExporter(name, folder)).rejects.toThrow(new OptionError(sentence));
  });

  test('that cannot be loaded is one sentence with the reason', async () => {
    await expect(loadExporter('./broken.mjs', folder)).rejects.toThrow(
      /^-e \.\/broken\.mjs cannot be loaded: .*no-such-file\.mjs/,
    );
  });
});
