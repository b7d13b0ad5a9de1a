/** What `send` says: of lines that cannot be sent, and of what became of the others. */
import { plainText } from '../../export/outside-text.ts';
import type { Diagnostic } from '../../model/diagnostic.ts';
import type { SendReport } from '../../replay/send.ts';
import type { Io } from '../io.ts';
import { howToSendAgain, sentOf } from '../print-summary.ts';

/** Somebody who sends the wrong file sees why by its first lines. */
const MAX_TOLD = 10;

export interface ToldLines {
  refuse(diagnostic: Diagnostic): void;
  /** How many were refused; says on standard error how many of them were not told. Asked once, at the end. */
  refused(): number;
}

export function tellLines(io: Io): ToldLines {
  let refused = 0;
  return {
    refuse({ at, message }) {
      refused++;
      if (refused > MAX_TOLD) return;
      io.stderr.write(`hermes-otel: ${at === undefined ? '' : `${at.source}:${at.line}: `}${message}\n`);
    },
    refused() {
      const more = refused - MAX_TOLD;
      if (more > 0)
        io.stderr.write(`hermes-otel: ${more} more ${more === 1 ? 'line was' : 'lines were'} not sent\n`);
      return refused;
    },
  };
}

export function tellSending(
  { accounts, leftOut, lostFields }: SendReport,
  flags: { readonly deadLetter: string | undefined },
  io: Io,
): void {
  const told = [
    ...accounts.flatMap(sentOf),
    ...Object.entries(leftOut).flatMap(([signal, count]) =>
      count > 0 ? [`${count} ${signal} left out`] : [],
    ),
    ...lostSentence(lostFields),
    ...howToSendAgain(accounts, flags.deadLetter),
  ];
  io.stderr.write(told.map((line) => `${line}\n`).join(''));
}

/** Fields that are named. */
const MAX_NAMED = 10;

function lostSentence(lost: ReadonlyMap<string, number>): readonly string[] {
  if (lost.size === 0) return [];
  const named = [...lost].slice(0, MAX_NAMED).map(([name, count]) => `${plainText(name, 80)} (${count})`);
  const more = lost.size > MAX_NAMED ? ` and ${lost.size - MAX_NAMED} more` : '';
  return [`warning: left out, as hermes-otel does not send it: ${named.join(', ')}${more}`];
}
