import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseDocument } from 'yaml';
import { type Provided, provide } from './cache.ts';
import { command } from './command.ts';
import { freePorts, type Running, scratchFolder, start } from './process.ts';

/** The release that the viewing stack pins; its sources are released as 1.76.0 too. */
const VERSION = '2.13.0';

export async function provideJaeger(): Promise<Provided> {
  return provide(`jaeger-${VERSION}`, async (folder) => {
    await copyFile(fileURLToPath(new URL('../jaeger/go.mod', import.meta.url)), join(folder, 'go.mod'));
    const program = 'github.com/jaegertracing/jaeger/cmd/jaeger';
    await command('go', ['build', '-mod=mod', '-ldflags', '-s -w', '-o', 'jaeger', program], { cwd: folder });
  });
}

export interface Jaeger extends Running {
  /** Its pages and its API. */
  readonly query: string;
  /** OTLP over HTTP, without a path. */
  readonly http: string;
  /** OTLP over gRPC, `host:port`. */
  readonly grpc: string;
}

/** Starts Jaeger with the viewing stack's own file, which stores in Badger; only ports and folders are mapped. */
export async function startJaeger(program: string, storage: 'badger' | 'memory'): Promise<Jaeger> {
  const folder = await scratchFolder('jaeger');
  const ports = await freePorts(5);
  const [query, queryGrpc, grpc, http, health] = ports.map((port) => `127.0.0.1:${port}`);
  const mapping = {
    '/badger': folder,
    '0.0.0.0:16686': query,
    '0.0.0.0:16685': queryGrpc,
    '0.0.0.0:4317': grpc,
    '0.0.0.0:4318': http,
    '0.0.0.0:13133': health,
  };
  const text = await readFile(new URL('../../../docs/stack/jaeger.yaml', import.meta.url), 'utf8');
  const config = parseDocument(
    Object.entries(mapping).reduce((mapped, [from, to]) => mapped.replaceAll(from, `${to}`), text),
  );
  const backend = ['extensions', 'jaeger_storage', 'backends', 'traces'];
  if (storage === 'memory') config.setIn(backend, { memory: { max_traces: 1000 } });
  const file = join(folder, 'jaeger.yaml');
  await writeFile(file, String(config));
  const running = await start({
    folder,
    file: join(program, 'jaeger'),
    args: ['--config', file],
    readyUrl: `http://${health}/status`,
  });
  return { ...running, query: `http://${query}`, http: `http://${http}`, grpc: `${grpc}` };
}
