import type { Block } from '../../src/html/format.ts';
import { htmlPage, type PageOptions } from '../../src/html/page.ts';
import type { FinishedSpan } from '../../src/model/sink.ts';

const OPTIONS: PageOptions = {
  title: 'agent.ndjson',
  generator: 'hermes-otel 0.0.0',
  resource: { attributes: { 'service.name': 'hermes-agent' } },
};

export async function pageOf(
  spans: AsyncIterable<FinishedSpan> | Iterable<FinishedSpan>,
  options: Partial<PageOptions> = {},
): Promise<string> {
  let text = '';
  for await (const piece of htmlPage(spans, { ...OPTIONS, ...options })) text += piece;
  return text;
}

/** The data blocks of a page, as a browser would find them. */
export function blocksOf(html: string): readonly Block[] {
  return partsOf(html, 'spans').map((json): Block => JSON.parse(json));
}

export function partsOf(html: string, name: string): readonly string[] {
  const part = new RegExp(`<script type="application/json" data-part="${name}">(.*?)</script>`, 'gs');
  return Array.from(html.matchAll(part), ([, json = '']) => json);
}
