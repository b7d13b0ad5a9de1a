import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { runMain } from '../run-main.ts';

// Each test loads what the command loads; a busy machine takes its time for that.
jest.setTimeout(30_000);

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hermes-otel-stack-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

const run = (...argv: readonly string[]) => runMain(argv, { cwd: folder });

describe('stack init', () => {
  test('writes every file of the stack, and names them', async () => {
    const { code, out } = await run('stack', 'init', 'viewing');
    const written = (await readdir(join(folder, 'viewing'), { recursive: true })).filter((file) =>
      /\.\w+$/.test(file),
    );
    expect([code, out.trim().split('\n')]).toEqual([0, written.map((file) => `viewing/${file}`).sort()]);
    expect(written).toContain('grafana/dashboards/hermes-agent-observability.json');
  });

  test('overwrites nothing unless asked to', async () => {
    await run('stack', 'init', '.');
    await writeFile(join(folder, 'compose.yaml'), 'mine');
    const refused = await run('stack', 'init', '.');
    expect([refused.code, await readFile(join(folder, 'compose.yaml'), 'utf8')]).toEqual([2, 'mine']);
    expect(refused.err).toMatch(/compose\.yaml.*--force/);
    expect((await run('stack', 'init', '.', '--force')).code).toBe(0);
    expect(await readFile(join(folder, 'compose.yaml'), 'utf8')).not.toBe('mine');
  });
});

describe('stack check', () => {
  /** All five addresses on a port that nobody listens on any more. */
  async function nobody(): Promise<readonly string[]> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    await once(server.close(), 'close');
    const url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
    return ['collector', 'health', 'jaeger', 'prometheus', 'grafana'].flatMap((name) => [`--${name}`, url]);
  }

  test('prints seven steps as text, and exits 1 when one has failed', async () => {
    const { code, out } = await run('stack', 'check', ...(await nobody()));
    expect(code).toBe(1);
    expect(out.match(/^failed {2}1 /gm)).toHaveLength(1);
    expect(out.match(/^skipped [2-7] .*Not checked: .* has failed above/gm)).toHaveLength(6);
    expect(out.match(/^ +→ /gm)).toHaveLength(1);
  });

  test('prints them as JSON', async () => {
    const { out } = await run('stack', 'check', '--json', ...(await nobody()));
    expect(JSON.parse(out)).toHaveLength(7);
  });

  test('refuses what is no address', async () => {
    const { code, err } = await run('stack', 'check', '--jaeger', 'localhost');
    expect([code, err]).toEqual([2, expect.stringContaining('--jaeger takes an address')]);
  });
});
