/** The script for bash 3.2 and later. macOS has 3.2, so `mapfile` is not used, and `compopt` may be missing. */
import { type CommandWords, completer, everyCommand, quoted } from './spec.ts';

export function bashScript(program: string, root: CommandWords): string {
  const commands = everyCommand(root);
  const below = commands.filter(({ path }) => path.length > 0);
  const name = `_${program.replaceAll('-', '_')}`;
  return `# bash completion of ${program}. Source it, for one in ~/.bashrc: source <(${program} completion bash)
${name}_reply() {
  local line
  while IFS= read -r line; do COMPREPLY+=("$line"); done
}
${name}_files() {
  compopt -o filenames 2>/dev/null
  ${name}_reply < <(compgen "$1" -- "$2")
}
${name}() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} path= i
  COMPREPLY=()
  # bash takes --flag=value apart at the =.
  if [[ $cur == = ]]; then cur=; elif [[ $prev == = ]]; then prev=\${COMP_WORDS[COMP_CWORD-2]}; fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$path \${COMP_WORDS[i]}" in
      ${below.map(({ path }) => quoted(at(path))).join(' | ')}) path="$path \${COMP_WORDS[i]}" ;;
    esac
  done
  case "$path $prev" in
${commands.flatMap(valueCases(name)).join('\n')}
  esac
  case "$path" in
${commands.map(wordCase(name)).join('\n')}
  esac
}
complete -F ${name} ${program}
`;
}

const at = (path: readonly string[]) => path.map((word) => ` ${word}`).join('');

/** Completes the value of a flag. */
const valueCases =
  (name: string) =>
  ({ path, flags }: CommandWords): readonly string[] =>
    flags.flatMap(({ names, value }) => {
      if (value === undefined) return [];
      const patterns = names.map((flag) => quoted(`${at(path)} ${flag}`)).join(' | ');
      return [`    ${patterns}) ${offer(name)(value)}; return ;;`];
    });

/** Completes flags after a dash, else commands or arguments. */
const wordCase =
  (name: string) =>
  ({ path, flags, words, commands }: CommandWords): string => {
    const names = flags.flatMap((flag) => flag.names);
    const flagWords = offer(name)(names);
    const otherWords = offer(name)(words ?? commands.map((one) => one.path.at(-1) ?? ''));
    return `    ${quoted(at(path))}) if [[ $cur == -* ]]; then ${flagWords}; else ${otherWords}; fi ;;`;
  };

const offer = (name: string) =>
  completer(
    { file: `${name}_files -f "$cur"`, folder: `${name}_files -d "$cur"`, text: ':' },
    (words) => `${name}_reply < <(compgen -W ${quoted(words)} -- "$cur")`,
  );
