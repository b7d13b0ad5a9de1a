import type { AgentSpan } from '../../../src/model/span.ts';
import { decode } from '../../../src/viewer/data/decode.ts';
import { labelOf } from '../../../src/viewer/data/labels.ts';
import type { SpanTable } from '../../../src/viewer/data/table.ts';
import { buildTable } from '../../../src/viewer/data/tree.ts';
import { finished } from '../generate.ts';
import { blocksOf, pageOf } from '../page-text.ts';

/** Spans as the viewer has them, through a page. */
export async function tableOf(spans: readonly AgentSpan[]): Promise<SpanTable> {
  return buildTable(decode(blocksOf(await pageOf(finished(spans)))));
}

/** Labels in tree order, indented by depth. */
export function outline(table: SpanTable): readonly string[] {
  return Array.from({ length: table.count }, (_, span) => {
    return `${'  '.repeat(table.depth[span] ?? 0)}${labelOf(table, span)}`;
  });
}
