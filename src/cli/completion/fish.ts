/** The script for fish 3.0 and later. The current command is found as in bash, because fish's own test accepts any word. */
import { type CommandWords, completer, everyCommand, type FlagSpec } from './spec.ts';

export function fishScript(program: string, root: CommandWords): string {
  const commands = everyCommand(root);
  const name = `__${program.replaceAll('-', '_')}`;
  const paths = commands.flatMap(({ path }) => (path.length === 0 ? [] : quoted(path.join(' '))));
  return `# fish completion of ${program}: ${program} completion fish > ~/.config/fish/completions/${program}.fish
function ${name}_in
    set -l words (commandline -opc)
    set -e words[1]
    set -l path
    for word in $words
        if contains -- (string join ' ' -- $path $word) ${paths.join(' ')}
            set -a path $word
        end
    end
    # Quoted, a list is one word with spaces between.
    test "$path" = "$argv"
end
complete -c ${program} -f
${commands.flatMap((command) => linesOf(`complete -c ${program} -n ${quoted(`${name}_in ${command.path.join(' ')}`.trimEnd())}`, command)).join('\n')}
`;
}

function linesOf(start: string, { flags, words, commands }: CommandWords): readonly string[] {
  return [
    ...commands.map(({ path, help }) => `${start} -a ${quoted(path.at(-1) ?? '')} -d ${quoted(help)}`),
    ...(words === undefined ? [] : [`${start} ${wordsOf(words)}`]),
    ...flags.map((flag) => `${start} ${flagOf(flag)}`),
  ];
}

function flagOf({ names, help, value }: FlagSpec): string {
  const spelled = names.map((flag) =>
    flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`,
  );
  return [...spelled, ...(value === undefined ? [] : [`-r ${wordsOf(value)}`]), `-d ${quoted(help)}`].join(
    ' ',
  );
}

const wordsOf = completer(
  { file: '-F', folder: "-f -a '(__fish_complete_directories)'", text: '-f' },
  (words) => `-f -a ${quoted(words)}`,
);

/** In fish, a backslash also escapes within single quotes. */
function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
