import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, type BrowserContextOptions, chromium, type Page, type Request } from 'playwright-core';
import { htmlPage } from '../../src/html/page.ts';
import type { FinishedSpan } from '../../src/model/sink.ts';

/** Debian's; another one by `CHROMIUM_PATH`. No test downloads a browser. */
const EXECUTABLE = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** A browser and a folder for the pages it opens from disk. */
export interface Viewer {
  /** Writes the spans as a page and opens it; closes the one before. */
  open(spans: readonly FinishedSpan[], options?: OpenOptions): Promise<Opened>;
  /** Opens a page that is not ours. */
  visit(file: string): Promise<Page>;
  close(): Promise<void>;
}

interface OpenOptions extends BrowserContextOptions {
  readonly title?: string;
  readonly hash?: string;
  /** Changes the written page: a cut file, say. */
  readonly edit?: (html: string) => string;
  /** Runs in the page, before its own script. */
  readonly before?: () => void;
  /** Gets the page while it is still empty. */
  readonly prepare?: (page: Page) => Promise<void>;
}

export interface Opened {
  readonly page: Page;
  /** Whatever the browser complained about: script errors, console errors, refused content, requests. */
  readonly complaints: string[];
}

/** Throws when there is no browser: a test that could not run has not passed. */
export async function launch(): Promise<Viewer> {
  if (!existsSync(EXECUTABLE)) {
    throw new Error(
      `No Chromium at ${EXECUTABLE}, so nothing was tested. Install it (Debian: apt-get install chromium) or name one in CHROMIUM_PATH.`,
    );
  }
  const browser = await chromium.launch({ executablePath: EXECUTABLE, args: FLAGS });
  const folder = await mkdtemp(join(tmpdir(), 'hermes-otel-pages-'));
  const textOf = rememberLast(pageText);
  let pages = 0;
  let opened: Opened | undefined;
  return {
    open: async (spans, options = {}) => {
      await opened?.page.context().close();
      pages += 1;
      const file = join(folder, `${pages}.html`);
      const html = await textOf(spans, options.title);
      await writeFile(file, options.edit?.(html) ?? html);
      opened = await openFile(browser, pathToFileURL(file).href, options);
      return opened;
    },
    visit: async (file) => {
      const page = await browser.newPage();
      await page.goto(pathToFileURL(file).href);
      return page;
    },
    close: async () => {
      await browser.close();
      await rm(folder, { recursive: true });
    },
  };
}

/** Many tests open the same spans, and those of one test may be many. */
function rememberLast(text: typeof pageText): typeof pageText {
  let last:
    | { readonly spans: readonly FinishedSpan[]; readonly title: string | undefined; html: string }
    | undefined;
  return async (spans, title) => {
    if (last?.spans !== spans || last.title !== title)
      last = { spans, title, html: await text(spans, title) };
    return last.html;
  };
}

export async function pageText(spans: readonly FinishedSpan[], title = 'test.ndjson'): Promise<string> {
  const about = { title, generator: 'hermes-otel 0.0.0', resource: { attributes: RESOURCE } };
  let html = '';
  for await (const piece of htmlPage(spans, about)) html += piece;
  return html;
}

const RESOURCE = { 'service.name': 'hermes-agent' };

async function openFile(browser: Browser, address: string, options: OpenOptions): Promise<Opened> {
  const { title: _title, hash = '', edit: _edit, before, prepare, ...context } = options;
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 }, ...context });
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(`error: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() !== 'info') complaints.push(`console: ${message.text()}`);
  });
  const sent = (request: Request): void => {
    // What the page's policy refused was never sent.
    if (request.failure()?.errorText === 'csp' || /^(file|data):/.test(request.url())) return;
    complaints.push(`request: ${request.url()}`);
  };
  page.on('requestfinished', sent);
  page.on('requestfailed', sent);
  page.on('dialog', (dialog) => {
    complaints.push(`dialog: ${dialog.message()}`);
    dialog.dismiss().catch(() => undefined);
  });
  if (before !== undefined) await page.addInitScript(before);
  await prepare?.(page);
  await page.goto(address + hash);
  await page.waitForSelector('.app, .empty');
  return { page, complaints };
}

/** The names of the rows on the screen, from top to bottom. */
export function rowNames(page: Page): Promise<string[]> {
  return page.locator('.row .label').allTextContents();
}

/** The row that the keyboard is on. */
export function activeRow(page: Page): Promise<string | undefined> {
  return page.evaluate(() => {
    const id = document.getElementById('tree')?.getAttribute('aria-activedescendant') ?? '';
    return document.getElementById(id)?.querySelector('.label')?.textContent ?? undefined;
  });
}
