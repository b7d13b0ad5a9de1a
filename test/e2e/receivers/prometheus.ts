import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Provided, provide } from './cache.ts';
import { command } from './command.ts';
import { freePorts, type Running, scratchFolder, start } from './process.ts';

/** Release 3.16.0: the module counts from 0.300. */
const VERSION = '0.316.0';

/** Prometheus and promtool, the release that the viewing stack pins; without the service discoveries that it does not use. */
export async function providePrometheus(): Promise<Provided> {
  return provide(`prometheus-${VERSION}`, async (folder) => {
    for (const program of ['prometheus', 'promtool']) {
      const from = `github.com/prometheus/prometheus/cmd/${program}@v${VERSION}`;
      await command('go', ['install', '-tags', 'remove_all_sd', '-ldflags', '-s -w', from], {
        env: { GOBIN: folder },
      });
    }
  });
}

export interface Prometheus extends Running {
  readonly url: string;
}

export interface PrometheusOptions {
  readonly config: string;
  /** A storage folder made beforehand; absent: an empty one. */
  readonly data?: string;
  readonly args?: readonly string[];
}

export async function startPrometheus(program: string, options: PrometheusOptions): Promise<Prometheus> {
  const folder = await scratchFolder('prometheus');
  const [port] = await freePorts(1);
  const file = join(folder, 'prometheus.yml');
  await writeFile(file, options.config);
  const running = await start({
    folder,
    file: join(program, 'prometheus'),
    args: [
      `--config.file=${file}`,
      `--storage.tsdb.path=${options.data ?? join(folder, 'data')}`,
      '--storage.tsdb.retention.time=400d',
      `--web.listen-address=127.0.0.1:${port}`,
      ...(options.args ?? []),
    ],
    readyUrl: `http://127.0.0.1:${port}/-/ready`,
  });
  return { ...running, url: `http://127.0.0.1:${port}` };
}

/** The viewing stack's own file; the host name is mapped, and the scrape interval shortened to what a test can wait for. */
export async function stackConfig(target: string): Promise<string> {
  const file = new URL('../../../docs/stack/prometheus.yaml', import.meta.url);
  const text = await readFile(file, 'utf8');
  return text.replace('otel-collector:8889', target).replace('scrape_interval: 15s', 'scrape_interval: 1s');
}
