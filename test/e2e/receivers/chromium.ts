import { chromium, type Page } from 'playwright-core';
import type { Provided } from './cache.ts';
import { command, MissingTool } from './command.ts';

const PROGRAM = process.env.CHROMIUM_PATH ?? 'chromium';

/** The Chromium of this machine; on a machine with apt and the right to use it, installed when missing. */
export async function provideChromium(): Promise<Provided> {
  try {
    await command(PROGRAM, ['--version']).catch(install);
    return { kind: 'ready', folder: (await command('which', [PROGRAM])).trim() };
  } catch (error) {
    return {
      kind: 'missing',
      reason: error instanceof MissingTool ? error.message : 'apt-get could not install chromium',
    };
  }
}

async function install(error: unknown): Promise<void> {
  if (!(error instanceof MissingTool) || process.getuid?.() !== 0) throw error;
  process.stderr.write('e2e: installing chromium with apt-get\n');
  // apt-get asks nothing where nobody answers.
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  await command('apt-get', ['update', '--quiet'], { env }).catch((problem) => {
    throw problem instanceof MissingTool ? error : problem;
  });
  await command('apt-get', ['install', '--yes', '--quiet', '--no-install-recommends', 'chromium'], { env });
}

/** Opens the page at `url` and closes the browser after `look`. */
export async function withPage(
  program: string,
  url: string,
  look: (page: Page) => Promise<void>,
): Promise<void> {
  const browser = await chromium.launch({
    executablePath: program,
    args: ['--no-sandbox'], // as root, in a container; it only ever opens our own loopback pages
  });
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    await page.goto(url);
    await look(page);
  } finally {
    await browser.close();
  }
}
