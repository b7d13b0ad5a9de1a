import type { Attributes, AttributeValue, Resource } from '../model/otel.ts';
import type { Account, FinishedSpan, SpanSink } from '../model/sink.ts';
import { type Assets, loadAssets } from './assets.ts';
import { createEncoder, encodeBlock } from './encode.ts';
import type { About } from './format.ts';
import { pageBlock, pageEnd, pageStart } from './template.ts';

/**
 * Finished spans → one HTML file that shows them: no network, no server, opens from disk. Text goes in, text comes
 * out; where it is written is the caller's affair. The same spans in the same order give the same bytes.
 */
export interface PageOptions {
  /** The page's title: the log's name, say. */
  readonly title: string;
  /** Name and version of the program: `hermes-otel 1.2.3`. */
  readonly generator: string;
  readonly resource: Resource;
}

/** So many spans are held and written at once, however they arrive: block borders must not depend on batches. */
const SPANS_PER_BLOCK = 4096;

/** Takes spans in any batches and returns the text of the page, piece by piece. */
interface PageWriter {
  start(): string;
  /** The blocks that these spans filled, '' for none. */
  add(spans: readonly FinishedSpan[]): string;
  end(): string;
  readonly made: number;
}

function pageWriter(options: PageOptions, assets: Assets): PageWriter {
  const encoder = createEncoder();
  let waiting: FinishedSpan[] = [];
  let made = 0;
  const block = (): string => {
    const text = waiting.length === 0 ? '' : pageBlock(encodeBlock(encoder, waiting));
    waiting = [];
    return text;
  };
  return {
    start: () => pageStart(aboutOf(options), assets),
    add: (spans) => {
      let text = '';
      for (const span of spans) {
        made += 1;
        waiting.push(span);
        if (waiting.length === SPANS_PER_BLOCK) text += block();
      }
      return text;
    },
    end: () => block() + pageEnd({ spans: made }),
    get made() {
      return made;
    },
  };
}

/** The page's text in pieces, in order. Holds one block of spans and the table of strings, not the page. */
export async function* htmlPage(
  spans: AsyncIterable<FinishedSpan> | Iterable<FinishedSpan>,
  options: PageOptions,
): AsyncGenerator<string, void, undefined> {
  const page = pageWriter(options, await loadAssets());
  yield page.start();
  for await (const span of spans) {
    const text = page.add([span]);
    if (text !== '') yield text;
  }
  yield page.end();
}

/**
 * The page as a sink of the replay. `write` gets the text in pieces and resolves when there is room for more, so a
 * slow disk slows the replay down. An interrupted replay still gives a whole page of what was read.
 */
export async function htmlSink(
  write: (text: string) => Promise<void>,
  options: PageOptions,
): Promise<SpanSink> {
  const page = pageWriter(options, await loadAssets());
  await write(page.start());
  const soFar = (): Account => ({
    made: page.made,
    accepted: page.made,
    rejected: 0,
    failed: 0,
    requests: 0,
    problems: [],
  });
  return {
    settled: async () => {},
    soFar,
    write: async (spans) => {
      const text = page.add(spans);
      if (text !== '') await write(text);
    },
    finish: async (): Promise<Account> => {
      await write(page.end());
      return soFar();
    },
  };
}

function aboutOf({ title, generator, resource }: PageOptions): About {
  return { title, generator, resource: textsOf(resource.attributes) };
}

function textsOf(attributes: Attributes): About['resource'] {
  return Object.entries(attributes).map(([key, value]) => [key, textOf(value)] as const);
}

function textOf(value: AttributeValue): string {
  if (typeof value !== 'object') return String(value);
  return 'double' in value ? String(value.double) : value.join(', ');
}
