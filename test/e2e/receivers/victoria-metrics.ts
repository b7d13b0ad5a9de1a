import { join } from 'node:path';
import { type Provided, provide } from './cache.ts';
import { command } from './command.ts';
import { freePorts, type Running, scratchFolder, start } from './process.ts';

const VERSION = '1.151.0';

export async function provideVictoriaMetrics(): Promise<Provided> {
  return provide(`victoria-metrics-${VERSION}`, async (folder) => {
    const from = `github.com/VictoriaMetrics/VictoriaMetrics/app/victoria-metrics@v${VERSION}`;
    await command('go', ['install', '-ldflags', '-s -w', from], { env: { GOBIN: folder } });
  });
}

export interface VictoriaMetrics extends Running {
  readonly url: string;
}

export async function startVictoriaMetrics(program: string): Promise<VictoriaMetrics> {
  const folder = await scratchFolder('victoria-metrics');
  const [port] = await freePorts(1);
  const running = await start({
    folder,
    file: join(program, 'victoria-metrics'),
    args: [
      `-storageDataPath=${join(folder, 'data')}`,
      `-httpListenAddr=127.0.0.1:${port}`,
      '-retentionPeriod=400d',
      '-opentelemetry.usePrometheusNaming',
    ],
    readyUrl: `http://127.0.0.1:${port}/health`,
  });
  return { ...running, url: `http://127.0.0.1:${port}` };
}
