import type { Attributes, AttributeValue, Resource } from '../model/otel.ts';
import type { FinishedSpan } from '../model/sink.ts';
import { loadAssets } from './assets.ts';
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

/** So many spans are held and written at once, however they arrive. */
const SPANS_PER_BLOCK = 4096;

/** The page's text in pieces, in order. Holds one block of spans and the table of strings, not the page. */
export async function* htmlPage(
  spans: AsyncIterable<FinishedSpan> | Iterable<FinishedSpan>,
  options: PageOptions,
): AsyncGenerator<string, void, undefined> {
  const encoder = createEncoder();
  let waiting: FinishedSpan[] = [];
  let made = 0;
  yield pageStart(aboutOf(options), await loadAssets());
  for await (const span of spans) {
    made += 1;
    waiting.push(span);
    if (waiting.length < SPANS_PER_BLOCK) continue;
    yield pageBlock(encodeBlock(encoder, waiting));
    waiting = [];
  }
  if (waiting.length > 0) yield pageBlock(encodeBlock(encoder, waiting));
  yield pageEnd({ spans: made });
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
