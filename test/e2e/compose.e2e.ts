import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { command } from './receivers/command.ts';
import { loadCompose, type Project, provideComposeLoader } from './receivers/compose.ts';
import { scratchFolder } from './receivers/process.ts';
import { hermesOtel } from './replay.ts';
import { describeReceiver } from './with-receivers.ts';

const program = await provideComposeLoader();

describeReceiver('Compose', [program], (loader = '') => {
  let folder: string;
  let file: string;
  let project: Project;
  beforeAll(async () => {
    folder = await scratchFolder('compose');
    expect((await hermesOtel(['stack', 'init', folder])).code).toBe(0);
    file = join(folder, 'compose.yaml');
    project = await loadCompose(loader, file);
  });
  afterAll(async () => {
    await command('rm', ['-r', folder]);
  });

  test('reads the file that `stack init` wrote, and finds every file that it mounts', () => {
    const mounts = Object.values(project.services).flatMap(({ volumes }) => volumes ?? []);
    const files = mounts.filter(({ type }) => type === 'bind').map(({ source }) => source);
    expect(files.length).toBeGreaterThan(4);
    expect(files.filter((source) => !source.startsWith(`${folder}/`) || !existsSync(source))).toEqual([]);
  });

  test('publishes ports on loopback only', () => {
    const ports = Object.values(project.services).flatMap((service) => service.ports ?? []);
    expect(new Set(ports.map(({ host_ip }) => host_ip))).toEqual(new Set(['127.0.0.1']));
    expect(ports.map(({ published }) => published).sort()).toEqual([
      '13133',
      '16686',
      '3000',
      '4317',
      '4318',
      '8889',
      '9090',
    ]);
  });

  test('puts another password in place of the default one', async () => {
    const password = ({ services }: Project) => services.grafana?.environment?.GF_SECURITY_ADMIN_PASSWORD;
    const other = await loadCompose(loader, file, { HERMES_STACK_GRAFANA_PASSWORD: 'another' });
    expect([password(project), password(other)]).toEqual(['hermes', 'another']);
  });

  test('waits for a service to be healthy before it starts what needs it', () => {
    const waits = Object.entries(project.services).flatMap(([name, { depends_on }]) =>
      Object.entries(depends_on ?? {}).map(([needed, { condition }]) => `${name}: ${needed} ${condition}`),
    );
    expect(waits.sort()).toEqual([
      'grafana: jaeger service_healthy',
      'grafana: prometheus service_healthy',
      'jaeger: jaeger-volume service_completed_successfully',
      'otel-collector-health: otel-collector service_started',
      'otel-collector: jaeger service_healthy',
    ]);
  });
});
