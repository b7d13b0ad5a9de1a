import { createHash } from 'node:crypto';
import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Provided, provide } from './cache.ts';
import { command } from './command.ts';
import { freePorts, type Running, scratchFolder, start } from './process.ts';

const VERSION = '0.155.0';
const source = (name: string) => fileURLToPath(new URL(`../collector/${name}`, import.meta.url));

/** The Collector of `../collector/manifest.yaml`: its sources are generated, then built. */
export async function provideCollector(): Promise<Provided> {
  const recipe = await Promise.all([readFile(source('manifest.yaml')), readFile(source('go.mod'))]);
  const hash = createHash('sha256').update(Buffer.concat(recipe)).digest('hex').slice(0, 8);
  return provide(`collector-${VERSION}-${hash}`, async (folder) => {
    const sources = join(folder, 'source');
    const manifest = join(folder, 'manifest.yaml');
    const text = await readFile(source('manifest.yaml'), 'utf8');
    await writeFile(manifest, text.replace('dist:\n', `dist:\n  output_path: ${JSON.stringify(sources)}\n`));
    await command('go', [
      'run',
      `go.opentelemetry.io/collector/cmd/builder@v${VERSION}`,
      '--config',
      manifest,
      '--skip-get-modules',
      '--skip-compilation',
    ]);
    await copyFile(source('go.mod'), join(sources, 'go.mod'));
    const program = join(folder, 'otelcol');
    await command('go', ['build', '-mod=mod', '-ldflags', '-s -w', '-o', program, '.'], { cwd: sources });
  });
}

export interface Collector extends Running {
  /** OTLP over HTTP, without a path. */
  readonly http: string;
  /** OTLP over gRPC. */
  readonly grpc: string;
  readonly health: string;
  /** What Prometheus scrapes, `host:port`. */
  readonly metrics: string;
  /** What the file exporters wrote, one OTLP/JSON request per line. */
  readonly tracesFile: string;
  readonly metricsFile: string;
}

/** The placeholders of a configuration: what stands in the file → what it is in this run. */
type Mapping = Readonly<Record<string, string>>;

/** Starts the Collector with the suite's own configuration: everything it receives goes to files. */
export async function startCollector(folder: string): Promise<Collector> {
  return startWith(folder, await readFile(source('config.yaml'), 'utf8'), {});
}

/** Starts the Collector with the viewing stack's own file; only host names and ports are mapped. */
export async function startStackCollector(folder: string, jaegerGrpc: string): Promise<Collector> {
  const file = new URL('../../../docs/stack/collector.yaml', import.meta.url);
  return startWith(folder, await readFile(file, 'utf8'), { 'jaeger:4317': jaegerGrpc });
}

async function startWith(program: string, config: string, more: Mapping): Promise<Collector> {
  const folder = await scratchFolder('collector');
  const [grpc, http, metrics, health] = await freePorts(4);
  const tracesFile = join(folder, 'traces.jsonl');
  const metricsFile = join(folder, 'metrics.jsonl');
  const mapping: Mapping = {
    '0.0.0.0:4317': `127.0.0.1:${grpc}`,
    '0.0.0.0:4318': `127.0.0.1:${http}`,
    '0.0.0.0:8889': `127.0.0.1:${metrics}`,
    '0.0.0.0:13133': `127.0.0.1:${health}`,
    'traces.jsonl': tracesFile,
    'metrics.jsonl': metricsFile,
    ...more,
  };
  const file = join(folder, 'config.yaml');
  await writeFile(file, mapped(config, mapping));
  const running = await start({
    folder,
    file: join(program, 'otelcol'),
    args: ['--config', file],
    readyUrl: `http://127.0.0.1:${health}/`,
  });
  return {
    ...running,
    http: `http://127.0.0.1:${http}`,
    grpc: `http://127.0.0.1:${grpc}`,
    health: `http://127.0.0.1:${health}/`,
    metrics: `127.0.0.1:${metrics}`,
    tracesFile,
    metricsFile,
  };
}

function mapped(config: string, mapping: Mapping): string {
  return Object.entries(mapping).reduce((text, [from, to]) => text.replaceAll(from, to), config);
}
