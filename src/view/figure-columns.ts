/** Columns of tokens and cost, for tables of kinds, sessions and turns. */
import type { Tokens } from '../model/figures.ts';
import { count } from '../model/units.ts';
import { costPiece, inAndOut } from './label.ts';
import { type Piece, piece } from './page.ts';
import { type Column, column } from './table.ts';

/** What a row is about consumed. */
interface Consumed {
  readonly tokens: Tokens;
  readonly cost: number | undefined;
}

/** By name: the amount, and the cell that shows it. */
const COLUMNS = {
  tokens: [({ tokens }) => tokens.input + tokens.output, ({ tokens }) => inAndOut(tokens)],
  cached: [
    ({ tokens }) => tokens.cached,
    ({ tokens }) => piece(tokens.cached === 0 ? '' : count(tokens.cached)),
  ],
  cost: [({ cost }) => cost ?? 0, ({ cost }) => costPiece(cost)],
} as const satisfies Readonly<
  Record<string, readonly [amount: (of: Consumed) => number, cell: (of: Consumed) => Piece]>
>;

const NAMES = ['tokens', 'cached', 'cost'] as const;

/** The columns with a `dispensable` number in `wanted`, without those that are zero in every row. */
export function consumedColumns<R>(
  rows: readonly R[],
  read: (row: R) => Consumed,
  wanted: Partial<Record<keyof typeof COLUMNS, number>>,
): readonly Column<R>[] {
  return NAMES.flatMap((name) => {
    const [amount, cell] = COLUMNS[name];
    const dispensable = wanted[name];
    const isUseful = dispensable !== undefined && rows.some((row) => amount(read(row)) > 0);
    return isUseful ? [column(name, dispensable, (row: R) => cell(read(row)))] : [];
  });
}
