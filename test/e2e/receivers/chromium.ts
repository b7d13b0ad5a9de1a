import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Provided } from './cache.ts';
import { command, MissingTool } from './command.ts';

/** The Chromium of this machine; on a machine with apt and the right to use it, installed when missing. */
export async function provideChromium(): Promise<Provided> {
  try {
    await command('chromium', ['--version']).catch(async (error) => {
      if (!(error instanceof MissingTool) || process.getuid?.() !== 0) throw error;
      process.stderr.write('e2e: installing chromium with apt-get\n');
      await command('apt-get', ['update', '--quiet']);
      await command('apt-get', ['install', '--yes', '--quiet', '--no-install-recommends', 'chromium']);
    });
    return { kind: 'ready', folder: '' };
  } catch (error) {
    return {
      kind: 'missing',
      reason: error instanceof MissingTool ? error.message : 'apt-get could not install chromium',
    };
  }
}

/** Writes a picture of the page at `url` once its scripts have had `settleMillis` of the page's time. */
export async function screenshot(url: string, file: string, settleMillis: number): Promise<void> {
  const profile = await mkdtemp(join(tmpdir(), 'hermes-otel-e2e-chromium-'));
  try {
    await command(
      'chromium',
      [
        '--headless=new',
        '--no-sandbox', // as root, in a container; it only ever opens our own loopback pages
        '--disable-gpu',
        '--hide-scrollbars',
        '--window-size=1280,800',
        `--user-data-dir=${profile}`,
        `--virtual-time-budget=${settleMillis}`,
        `--screenshot=${file}`,
        url,
      ],
      { timeoutMillis: 120_000 },
    );
  } finally {
    await rm(profile, { recursive: true, force: true });
  }
}
