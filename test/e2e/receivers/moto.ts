import { join } from 'node:path';
import { type Provided, provide } from './cache.ts';
import { command } from './command.ts';
import { freePorts, type Running, scratchFolder, start } from './process.ts';

const VERSION = '5.2.5';

/** An object storage with the interface of S3, in memory. */
export function provideMoto(): Promise<Provided> {
  return provide(`moto-${VERSION}`, async (folder) => {
    await command('python3', ['-m', 'venv', folder]);
    await command(join(folder, 'bin/pip'), ['install', '--quiet', `moto[server]==${VERSION}`]);
  });
}

export interface Moto extends Running {
  readonly url: string;
}

export async function startMoto(program: string): Promise<Moto> {
  const folder = await scratchFolder('moto');
  const [port = 0] = await freePorts(1);
  const running = await start({
    folder,
    file: join(program, 'bin/moto_server'),
    args: ['-H', '127.0.0.1', '-p', String(port)],
    readyUrl: `http://127.0.0.1:${port}/moto-api/`,
  });
  return { ...running, url: `http://127.0.0.1:${port}` };
}
