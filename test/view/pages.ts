import { Chalk } from 'chalk';
import type { Page } from '../../src/view/page.ts';

export const PLAIN_100: Page = { columns: 100, colors: undefined };

/** Every page that golden files are made for: a narrow, a usual and a wide one, in colour and plain. */
export const PAGES: readonly (readonly [name: string, page: Page])[] = [60, 100, 160].flatMap((columns) => [
  [`${columns}.txt`, { columns, colors: undefined }] as const,
  [`${columns}.ansi`, { columns, colors: new Chalk({ level: 1 }) }] as const,
]);
