import { join } from 'node:path';
import { type Provided, provide } from './cache.ts';
import { command } from './command.ts';
import { freePorts, type Running, scratchFolder, start } from './process.ts';

const VERSION = '20.26.1';

export async function providePhoenix(): Promise<Provided> {
  return provide(`phoenix-${VERSION}`, async (folder) => {
    await command('python3', ['-m', 'venv', folder]);
    await command(join(folder, 'bin/pip'), ['install', '--quiet', `arize-phoenix==${VERSION}`]);
  });
}

export interface Phoenix extends Running {
  /** Its pages, its API, and OTLP over HTTP. */
  readonly url: string;
  /** OTLP over gRPC. */
  readonly grpc: string;
}

export async function startPhoenix(program: string): Promise<Phoenix> {
  const folder = await scratchFolder('phoenix');
  const [port, grpc] = await freePorts(2);
  const running = await start({
    folder,
    file: join(program, 'bin/phoenix'),
    args: ['serve'],
    env: {
      PHOENIX_WORKING_DIR: folder,
      PHOENIX_HOST: '127.0.0.1',
      PHOENIX_PORT: String(port),
      PHOENIX_GRPC_PORT: String(grpc),
      PHOENIX_TELEMETRY_ENABLED: 'false',
      PHOENIX_AGENTS_DISABLE_BASH: 'true',
      PHOENIX_ALLOW_EXTERNAL_RESOURCES: 'false',
    },
    readyUrl: `http://127.0.0.1:${port}/healthz`,
    timeoutMillis: 300_000,
  });
  return { ...running, url: `http://127.0.0.1:${port}`, grpc: `http://127.0.0.1:${grpc}` };
}
