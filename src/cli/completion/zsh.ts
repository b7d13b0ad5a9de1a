/** The script for zsh 5 and later: a function for each command, which calls zsh's `_arguments`. */
import { type CommandWords, completer, everyCommand, type FlagSpec, quoted } from './spec.ts';

export function zshScript(program: string, root: CommandWords): string {
  const name = `_${program.replaceAll('-', '_')}`;
  return `#compdef ${program}
# zsh completion of ${program}. Write it to a file _${program} in a folder of $fpath, or in ~/.zshrc after compinit:
# source <(${program} completion zsh)
${everyCommand(root)
  .map((command) => functionOf(name, command))
  .join('\n')}
if [[ \${funcstack[1]} == ${name} || \${funcstack[1]} == _${program} ]]; then ${name} "$@"; else compdef ${name} ${program}; fi
`;
}

function functionOf(name: string, command: CommandWords): string {
  const own = [name, ...command.path].join('_');
  const specs = command.flags.flatMap(flagSpecs);
  if (command.commands.length === 0) {
    const words = command.words === undefined ? [] : [quoted(`*:word:${action(command.words)}`)];
    return `${own}() {\n  ${['_arguments -s', ...specs, ...words].join(' \\\n    ')}\n}`;
  }
  const listed = command.commands.map(({ path, help }) => quoted(`${path.at(-1)}:${escaped(help)}`));
  return `${own}() {
  local line state
  local -a commands=(
    ${listed.join('\n    ')}
  )
  ${['_arguments -C -s', ...specs, "'1: :->command'", "'*:: :->words'"].join(' \\\n    ')}
  case $state in
    command) _describe -t commands command commands ;;
    words) (( $+functions[${own}_\${line[1]}] )) && ${own}_\${line[1]} ;;
  esac
}`;
}

/** One entry for each spelling. Every flag may be repeated. */
function flagSpecs({ names, help, value }: FlagSpec): readonly string[] {
  return names.map((flag) => {
    const long = flag.startsWith('--');
    const spelled = value === undefined ? flag : `${flag}${long ? '=' : '+'}`;
    return quoted(`*${spelled}[${escaped(help)}]${value === undefined ? '' : `:value:${action(value)}`}`);
  });
}

const action = completer({ file: '_files', folder: '_files -/', text: ' ' }, (words) => `(${words})`);

function escaped(help: string): string {
  return help.replaceAll(/[\\[\]:]/g, '\\$&');
}
