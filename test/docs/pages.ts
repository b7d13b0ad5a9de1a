/** The pages of the documentation: their commands, the output they show, their links. */
import { readFileSync } from 'node:fs';
import { globSync } from 'tinyglobby';

export const PAGES: readonly string[] = [
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  ...globSync('docs/**/*.md').sort(),
];

/** A fenced block. */
interface Block {
  readonly line: number;
  /** The word behind the fence: `sh`, `yaml`; '' when there is none. */
  readonly language: string;
  readonly text: string;
  /** The HTML comment on the line before the block; '' when there is none. */
  readonly mark: string;
  /** True when nothing stands between this block and the one before. */
  readonly follows: boolean;
}

/** A block of shell, and the output that the page shows directly below it. */
export interface Commands {
  readonly page: string;
  readonly line: number;
  readonly commands: readonly string[];
  /** What the page shows; `undefined` when it shows none. */
  readonly shown: string | undefined;
}

const FENCED = /^(?:<!-- (?<mark>[^\n]*) -->\n)?```(?<language>\w*)\n(?<text>.*?)^```$/gms;

export function blocksOf(page: string): readonly Block[] {
  const text = readFileSync(page, 'utf8');
  let end = 0;
  return Array.from(text.matchAll(FENCED), ({ index, 0: whole, groups = {} }) => {
    const follows = end > 0 && text.slice(end, index).trim() === '';
    end = index + whole.length;
    const { language = '', mark = '' } = groups;
    return {
      line: text.slice(0, index).split('\n').length,
      language,
      text: groups.text ?? '',
      mark,
      follows,
    };
  });
}

export function commandsOf(page: string): readonly Commands[] {
  const blocks = blocksOf(page);
  return blocks.flatMap(({ language, line, text }, index) => {
    if (language !== 'sh') return [];
    const next = blocks[index + 1];
    return [{ page, line, commands: linesOf(text), shown: next && isOutput(next) ? next.text : undefined }];
  });
}

/** Text without a language directly below a block of shell is what the commands print. */
export function isOutput({ follows, language, mark }: Block): boolean {
  return follows && language === '' && mark === '';
}

/** One command each: without comments, blank lines and line ends that a backslash continues. */
function linesOf(text: string): readonly string[] {
  return text
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .map((line) => line.replace(/(^|\s)# .*$/, '').trim())
    .filter((line) => line !== '');
}

/** The paths and addresses that a page links to or shows as a picture. */
export function linksOf(page: string): readonly string[] {
  const text = readFileSync(page, 'utf8').replaceAll(/^```.*?^```$/gms, '');
  return Array.from(text.matchAll(/\]\(<?([^)>\s]+)>?\)/g), ([, link = '']) => link);
}

/** True when the lines that are shown stand in the output, in this order; a line of `⋮` stands for any lines. */
export function isShownIn(shown: string, output: string): boolean {
  const parts = shown
    .trimEnd()
    .split(/^\s*⋮\s*$/m)
    .map((part) => part.replaceAll(/^\n+|\n+$/g, ''));
  let rest = output;
  return parts.every((part) => {
    const at = rest.indexOf(part);
    rest = rest.slice(at + part.length);
    return at >= 0;
  });
}
