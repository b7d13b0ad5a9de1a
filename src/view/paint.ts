import type { ChalkInstance } from 'chalk';
import type { Visible } from './visible.ts';

/** What a piece of a row means; the colours are chosen here and nowhere else. */
export type Tone =
  | 'plain'
  | 'dim'
  | 'strong'
  | 'good'
  | 'warning'
  | 'error'
  | 'session'
  | 'turn'
  | 'call'
  | 'tool'
  | 'subagent'
  | 'approval';

/** A piece of a row: visible text, and what it means. */
export interface Piece {
  readonly text: Visible;
  readonly tone: Tone;
}

export function piece(text: Visible, tone: Tone = 'plain'): Piece {
  return { text, tone };
}

/** The text in its colour; as it is without colours. */
export function paint(colors: ChalkInstance | undefined, { text, tone }: Piece): string {
  return colors === undefined || text === '' ? text : PAINTERS[tone](colors)(text);
}

const PAINTERS: Readonly<Record<Tone, (colors: ChalkInstance) => (text: string) => string>> = {
  plain: () => (text) => text,
  dim: (colors) => colors.dim,
  strong: (colors) => colors.bold,
  good: (colors) => colors.green,
  warning: (colors) => colors.yellow,
  error: (colors) => colors.red,
  session: (colors) => colors.bold,
  turn: (colors) => colors.bold,
  call: (colors) => colors.blue,
  tool: (colors) => colors.cyan,
  subagent: (colors) => colors.magenta,
  approval: (colors) => colors.yellow,
};
