import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { runMain } from '../run-main.ts';

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hermes-otel-completion-'));
  for (const name of ['a log.ndjson', 'other.ndjson.gz']) writeFileSync(join(folder, name), '');
  mkdirSync(join(folder, 'viewing'));
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { code, out } = await runMain(['completion', shell]);
    expect(code).toBe(0);
    writeFileSync(join(folder, `.${shell}`), out);
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Case = readonly [claim: string, line: string, offered: readonly string[]];

/** The last word of `line` is the one to complete. Each case is what exactly is offered. */
const CASES: readonly Case[] = [
  ['a command', 're', ['record', 'replay']],
  ['a flag of a command', 'replay --exp', ['--exporter']],
  ['only that command’s own flags', 'diff --exp', []],
  ['a flag after words and flags', 'replay a.ndjson --strict --dead', ['--dead-letter']],
  ['the choices of a flag', 'replay --exporter otlp', ['otlp', 'otlp_file', 'otlp_grpc']],
  ['the choices of a short flag', 'replay -e c', ['console']],
  ['files where a log is wanted', 'replay a', ['a log.ndjson']],
  ['files where a flag wants one', 'replay --report o', ['other.ndjson.gz']],
  ['nothing for a free text', 'replay --endpoint o', []],
  ['a command of a command', 'stack ch', ['check']],
  ['flags of the inner command, not of its namesake', 'stack init --', ['--force', '--help']],
  ['flags of the outer namesake', 'init --sh', ['--shell-hooks']],
  ['folders only where a folder is wanted', 'stack init v', ['viewing']],
  ['the shells', 'completion f', ['fish']],
  ['commands to help with', 'help di', ['diff']],
];

const hasShell = (shell: string) => spawnSync(shell, ['--version']).status === 0;
const environment = () => ({ PATH: process.env.PATH, HOME: folder, LC_ALL: 'C.UTF-8', TERM: 'dumb' });

const sorted = (text: string) => text.split('\n').filter(Boolean).sort();

describe('bash', () => {
  function offered(words: readonly string[]): readonly string[] {
    const script = `source .bash
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _hermes_otel 2>/dev/null; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const options = { cwd: folder, env: environment(), encoding: 'utf8' } as const;
    return sorted(execFileSync('bash', ['--norc', '-c', script, 'bash', 'hermes-otel', ...words], options));
  }

  test.each(CASES)('offers %s', (_, line, expected) => {
    expect(offered(line.split(' '))).toEqual(expected);
  });

  test('offers the choices of a flag joined to its value, which bash takes apart', () => {
    expect(offered(['view', '--format', '=', 'm'])).toEqual(['markdown']);
    expect(offered(['view', '--format', '='])).toEqual(['json', 'markdown', 'text']);
  });

  test('is asked for this command', () => {
    const out = execFileSync('bash', ['--norc', '-c', 'source .bash; complete -p hermes-otel'], {
      cwd: folder,
    });
    expect(String(out)).toBe('complete -F _hermes_otel hermes-otel\n');
  });
});

(hasShell('fish') ? describe : describe.skip)('fish', () => {
  test.each(CASES)('offers %s', (_, line, expected) => {
    const script = `source .fish; complete -C 'hermes-otel ${line}'`;
    const out = execFileSync('fish', ['--no-config', '-c', script], {
      cwd: folder,
      env: environment(),
      encoding: 'utf8',
    });
    // Each line is a word, a tab and what it is; a space within a file's name is escaped.
    const words = sorted(out).map((one) =>
      (one.split('\t')[0] ?? '').replaceAll('\\ ', ' ').replace(/\/$/, ''),
    );
    expect(words).toEqual(expected);
  });
});

(hasShell('zsh') ? describe : describe.skip)('zsh', () => {
  // zsh completes only at a terminal: it is given one, with each line typed, and prints all that is added to the list.
  const ZSHRC = `
autoload -Uz compinit && compinit -u -D
unsetopt auto_menu
source ./.zsh
compadd() {
  local -a hits
  if (( ! \${@[(I)-[OAD]]} )); then
    builtin compadd -O hits "$@"
    (( $#hits )) && print -rl -- $hits >> .offered
  fi
  builtin compadd "$@"
}
zle-line-init() {
  local line
  for line in "\${(@f)$(<.lines)}"; do
    print -r -- "# $line" >> .offered
    BUFFER="hermes-otel $line"
    CURSOR=$#BUFFER
    zle complete-word
  done
  exit
}
zle -N zle-line-init
`;
  const AT_A_TERMINAL = 'zmodload zsh/zpty; zpty shell zsh -i; while zpty -r shell; do :; done';

  let answers: readonly string[] = [];
  beforeAll(() => {
    writeFileSync(join(folder, '.zshrc'), ZSHRC);
    writeFileSync(join(folder, '.lines'), CASES.map(([, line]) => line).join('\n'));
    const env = { ...environment(), ZDOTDIR: folder };
    execFileSync('zsh', ['-f', '-c', AT_A_TERMINAL], { cwd: folder, env, timeout: 20_000 });
    answers = readFileSync(join(folder, '.offered'), 'utf8').split(/^# /m).slice(1);
  }, 30_000);

  test.each(CASES)('offers %s', (_, line, expected) => {
    const answer = answers.find((one) => one.startsWith(`${line}\n`)) ?? 'no answer';
    const words = sorted(answer.slice(line.length)).map((word) => word.replace(/=$/, '').replace('\\ ', ' '));
    expect([...new Set(words)]).toEqual(expected);
  });
});
