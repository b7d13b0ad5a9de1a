/** The export stage's sentences say what was found, then a colon or a semicolon, then what to do: here they are taken apart. */
export function cut(sentence: string): [found: string, next: string] {
  const at = Math.max(sentence.lastIndexOf(': '), sentence.lastIndexOf('; '));
  if (at < 0) return [`${sentence}.`, 'Look into the log of the receiver.'];
  return [`${sentence.slice(0, at)}.`, whole(sentence.slice(at + 2))];
}

function whole(text: string): string {
  if (text.startsWith('npm ')) return `Run \`${text}\`.`;
  const end = /[.?!]$/.test(text) ? '' : '.';
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${end}`;
}

/** What is wrong with a flag or a variable: most of these sentences end with the reason, some with what to do. */
export function cutProblem(sentence: string): [found: string, next: string] {
  const says = /[:;] (use|npm|give|set|unset) /.test(sentence);
  return says ? cut(sentence) : [`${sentence}.`, 'Mend the flag or the variable that is named.'];
}
