import type { Browser, Page } from 'playwright-core';

declare global {
  interface Window {
    frameMillis: number[];
  }
}

/** What it took the page to do something. Millis. */
export interface Measured {
  /** From one frame to the next, at most: what a user feels, with whatever else the machine was doing. */
  readonly frame: number;
  /** Processor time of the page's main thread in one go, at most: what the page itself did to hold up a frame. */
  readonly work: number;
}

interface TraceEvent {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  /** Micros of processor time. */
  readonly tdur?: number;
  readonly args?: { readonly name?: string };
}

export async function measured(page: Page, act: () => Promise<void>): Promise<Measured> {
  await watchFrames(page);
  await startTrace(page);
  await page.evaluate(() => {
    window.frameMillis = [];
  });
  await act();
  const frame = await page.evaluate(() => Math.max(...window.frameMillis));
  return { frame, work: Math.max(...(await endTrace(page))) };
}

export async function startTrace(page: Page): Promise<void> {
  await browserOf(page).startTracing(page, { categories: ['toplevel'] });
}

/** The tasks of the main thread since `startTrace`: millis of processor time each. */
export async function endTrace(page: Page): Promise<readonly number[]> {
  const { traceEvents } = JSON.parse((await browserOf(page).stopTracing()).toString());
  return taskTimes(traceEvents);
}

function browserOf(page: Page): Browser {
  const browser = page.context().browser();
  if (browser === null) throw new Error('a page without a browser');
  return browser;
}

async function watchFrames(page: Page): Promise<void> {
  await page.evaluate(() => {
    if (window.frameMillis !== undefined) return;
    window.frameMillis = [];
    let before = performance.now();
    const tick = (now: number): void => {
      window.frameMillis.push(now - before);
      before = now;
      requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
  });
  await page.waitForTimeout(100);
}

/** The trace names a task twice, outside and inside; the inner one is left out. */
const TASK = 'ThreadControllerImpl::RunTask';

function taskTimes(events: readonly TraceEvent[]): readonly number[] {
  const mainThreads = new Set(
    events
      .filter(({ name, args }) => name === 'thread_name' && args?.name === 'CrRendererMain')
      .map(({ pid, tid }) => `${pid} ${tid}`),
  );
  const tasks = events.filter(({ name, pid, tid }) => name === TASK && mainThreads.has(`${pid} ${tid}`));
  if (tasks.length === 0) throw new Error('the trace has no task of a page: nothing was measured');
  return tasks.map(({ tdur = 0 }) => tdur / 1000);
}
