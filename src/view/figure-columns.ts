/** Columns of tokens and cost, for tables of kinds, sessions and turns. */
import type { Tokens } from '../model/figures.ts';
import { count } from '../model/units.ts';
import { shown, type Visible } from '../model/visible.ts';
import { costPiece, inAndOut } from './label.ts';
import { type Piece, piece } from './page.ts';
import type { Column } from './table.ts';

/** What a row is about consumed. */
interface Consumed {
  readonly tokens: Tokens;
  readonly cost: number | undefined;
}

type Name = 'tokens' | 'cached' | 'cost';

const COLUMNS: readonly {
  readonly name: Name;
  readonly title: Visible;
  readonly amount: (consumed: Consumed) => number;
  readonly cell: (consumed: Consumed) => Piece;
}[] = [
  {
    name: 'tokens',
    title: shown`tokens`,
    amount: ({ tokens }) => tokens.input + tokens.output,
    cell: ({ tokens }) => inAndOut(tokens),
  },
  {
    name: 'cached',
    title: shown`cached`,
    amount: ({ tokens }) => tokens.cached,
    cell: ({ tokens }) => piece(tokens.cached === 0 ? shown`` : shown`${count(tokens.cached)}`),
  },
  { name: 'cost', title: shown`cost`, amount: ({ cost }) => cost ?? 0, cell: ({ cost }) => costPiece(cost) },
];

/** The columns with a `dispensable` number in `wanted`, without those that are zero in every row. */
export function consumedColumns<R>(
  rows: readonly R[],
  read: (row: R) => Consumed,
  wanted: Partial<Record<Name, number>>,
): readonly Column<R>[] {
  return COLUMNS.flatMap(({ name, title, amount, cell }) => {
    const dispensable = wanted[name];
    const isUseful = dispensable !== undefined && rows.some((row) => amount(read(row)) > 0);
    return isUseful ? [{ title, dispensable, cell: (row: R) => cell(read(row)) }] : [];
  });
}
