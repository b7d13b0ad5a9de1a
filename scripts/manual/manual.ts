import type { Command, Option } from 'commander';
import { markdownTable } from 'markdown-table';

/**
 * `docs/cli.md`: all commands with their usage, flags, variables, defaults and examples, from the very objects that print
 * `--help`.
 */
export function manual(program: Command): string {
  const commands = program.commands.flatMap((command) => [command, ...command.commands]);
  return `${[
    '# Commands and flags',
    'Written by `npm run docs:cli` from the program itself; a test fails when it is not current. `hermes-otel <command> --help` says the same.',
    'A flag beats its variable, which beats the [configuration file](configuration.md), which beats the default. An empty variable is the same as an unset one. Times are written `500ms`, `30s`, `5m`, `2h`, sizes `512kb`, `4mb`.',
    'Exit codes: **0** done; **1** done with problems (lost lines with `--strict`, spans that were not delivered, broken budgets, failed checks); **2** could not run; **75** `consume` wants to be started again; 129, 130 and 143 after an interrupt, which is the ordinary end of a pipe and of `--follow`: there it changes nothing.',
    markdownTable([
      ['command', ''],
      ...program.commands.map((command) => [
        `[${command.name()}](#${anchor(command)})`,
        cell(command.description()),
      ]),
    ]),
    ...commands.flatMap(chapter),
  ].join('\n\n')}\n`;
}

function chapter(command: Command): readonly string[] {
  const help = command.createHelp();
  const text = helpOf(command);
  const words = help.visibleArguments(command).map((word) => [`\`${word.name()}\``, cell(word.description)]);
  const variables = linesOf(text, 'Environment').map((line) => {
    const [, name = '', does = ''] = /^ {2}(\S+) +(.*)$/.exec(line) ?? [];
    return [`\`${name}\``, cell(does)];
  });
  return [
    `## ${nameOf(command)}`,
    sentence(command.description()),
    fenced([help.commandUsage(command)], 'text'),
    ...table(['argument', ''], words),
    ...table(['flag', '', 'variable', 'default'], help.visibleOptions(command).map(flagRow)),
    ...table(['further variable', ''], variables),
    fenced(
      linesOf(text, 'Examples').map((line) =>
        line.startsWith('      ') ? `# ${line.trim()}\n` : line.trim(),
      ),
    ),
  ];
}

/** The help says variable and default in brackets at the end; here they have columns. */
const NOTES = /^(?<help>.*?)(?: \((?:env: (?<env>.*?))?(?:(?:^|, )?default: (?<shown>.*))?\))?$/s;

function flagRow({ flags, description }: Option): readonly string[] {
  const { help = description, env = '', shown = '' } = NOTES.exec(description)?.groups ?? {};
  const variable = env.replace(/^[A-Z_]+/, '`$&`');
  return [`\`${flags}\``, cell(help), variable, shown === '' ? '' : `\`${shown}\``];
}

/** What `--help` prints, with what stands after the flags. */
function helpOf(command: Command): string {
  let text = '';
  command
    .configureOutput({
      writeOut: (part) => {
        text += part;
      },
    })
    .outputHelp();
  return text;
}

/** The lines below a heading of the help, to the next heading. */
function linesOf(help: string, heading: string): readonly string[] {
  const [, after = ''] = help.split(`\n${heading}:\n`);
  const [lines = ''] = after.split(/^\w+:$/m);
  return lines.split('\n').filter((line) => line.trim() !== '');
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  return rows.length === 0 ? [] : [markdownTable([head, ...rows])];
}

function fenced(lines: readonly string[], language = 'sh'): string {
  return `\`\`\`${language}\n${lines.join('\n').trim()}\n\`\`\``;
}

function nameOf(command: Command): string {
  const { parent } = command;
  return parent === null ? command.name() : `${nameOf(parent)} ${command.name()}`;
}

function anchor(command: Command): string {
  return nameOf(command).replaceAll(' ', '-');
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

/** Text for a table of Markdown. */
function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll(/<([^>]*)>/g, '`<$1>`');
}
