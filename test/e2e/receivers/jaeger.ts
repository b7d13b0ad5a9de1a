import { copyFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { type Provided, provide } from './cache.ts';
import { command } from './command.ts';
import { freePorts, type Running, scratchFolder, start } from './process.ts';

const VERSION = '1.62.0';

export async function provideJaeger(): Promise<Provided> {
  return provide(`jaeger-${VERSION}`, async (folder) => {
    await copyFile(fileURLToPath(new URL('../jaeger/go.mod', import.meta.url)), join(folder, 'go.mod'));
    const all = 'github.com/jaegertracing/jaeger/cmd/all-in-one';
    await command('go', ['build', '-mod=mod', '-ldflags', '-s -w', '-o', 'jaeger', all], { cwd: folder });
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

type Environment = Readonly<Record<string, string>>;

/** Badger as the viewing stack's Compose file sets it up, or memory. */
const ENVIRONMENTS = {
  memory: async (): Promise<Environment> => ({ SPAN_STORAGE_TYPE: 'memory' }),
  badger: async (folder: string): Promise<Environment> => {
    const file = new URL('../../../docs/stack/compose.yaml', import.meta.url);
    const compose: { readonly services: { readonly jaeger: { readonly environment: Environment } } } = parse(
      await readFile(file, 'utf8'),
    );
    const { environment } = compose.services.jaeger;
    return Object.fromEntries(
      Object.entries(environment).map(([name, value]) => [name, value.replace(/^\/badger/, folder)]),
    );
  },
};

export async function startJaeger(program: string, storage: keyof typeof ENVIRONMENTS): Promise<Jaeger> {
  const folder = await scratchFolder('jaeger');
  const [query, http, grpc, admin, ...rest] = await freePorts(12);
  const local = (port: number | undefined) => `127.0.0.1:${port}`;
  const [queryGrpc, sampling, zipkin, thriftHttp, modelGrpc, compact, binary, config] = rest;
  const running = await start({
    folder,
    file: join(program, 'jaeger'),
    args: [
      `--query.http-server.host-port=${local(query)}`,
      `--query.grpc-server.host-port=${local(queryGrpc)}`,
      `--collector.otlp.http.host-port=${local(http)}`,
      `--collector.otlp.grpc.host-port=${local(grpc)}`,
      `--admin.http.host-port=${local(admin)}`,
      `--http-server.host-port=${local(sampling)}`,
      `--collector.zipkin.host-port=${local(zipkin)}`,
      `--collector.http-server.host-port=${local(thriftHttp)}`,
      `--collector.grpc-server.host-port=${local(modelGrpc)}`,
      `--reporter.grpc.host-port=${local(modelGrpc)}`,
      `--processor.jaeger-compact.server-host-port=${local(compact)}`,
      `--processor.jaeger-binary.server-host-port=${local(binary)}`,
      `--processor.zipkin-compact.server-host-port=${local(config)}`,
    ],
    env: await ENVIRONMENTS[storage](folder),
    readyUrl: `http://${local(admin)}/`,
  });
  return { ...running, query: `http://${local(query)}`, http: `http://${local(http)}`, grpc: local(grpc) };
}
