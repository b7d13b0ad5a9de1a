import type { DialectCount } from './report.ts';
import { type LintState, note } from './state.ts';

const NEWEST_FIRST = ['0.20 or newer', '0.16 or newer', '0.12 to 0.15', '0.11 or older', 'before 0.16'];

/** Where the left one is found too, it says more exactly what the right one leaves open. */
const FOLDS = new Set([
  '0.20 or newer < 0.16 or newer',
  '0.12 to 0.15 < before 0.16',
  '0.11 or older < before 0.16',
]);

/** The dialects that lines of the log show, newest first; more than one is noted. */
export function dialectsOf(state: LintState): readonly DialectCount[] {
  const dialects: DialectCount[] = [];
  for (const next of NEWEST_FIRST.flatMap((dialect) => state.dialects.get(dialect) ?? [])) {
    const last = dialects.at(-1);
    if (last === undefined || !FOLDS.has(`${last.dialect} < ${next.dialect}`)) dialects.push({ ...next });
    else dialects[dialects.length - 1] = { ...last, lines: last.lines + next.lines };
  }
  const [newest, ...older] = dialects;
  for (const { dialect, first } of older) {
    note(state, 'mixed-dialects', `lines of Hermes ${newest?.dialect} and of ${dialect} in one log`, first);
  }
  return dialects;
}
