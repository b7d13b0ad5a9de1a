/** Numbers, times and foreign text as people read them. */
import { cut } from '../../model/safe-text.ts';
import { count as compact, duration } from '../../model/units.ts';

export { count as compact, duration, money, percent } from '../../model/units.ts';
export { visibleJson } from '../../model/visible.ts';

/** A round offset on the ruler: `0`, `250ms`, `2s`, `1:30`, `2:05:00`, `1d`, `1d 02:00`. */
export function tickLabel(micros: number): string {
  if (micros === 0) return '0';
  if (micros < 60e6) return duration(micros).replace(/\.0+(?=\D)|(?<=\.\d*[1-9])0+(?=\D)/, '');
  const total = Math.floor(micros / 1e6);
  const rest = micros - total * 1e6;
  const clock = `${padded(Math.floor(total / 60) % 60)}:${padded(total % 60)}${rest === 0 ? '' : fraction(micros)}`;
  const hours = Math.floor(total / 3600);
  if (hours === 0) return clock.replace(/^0/, '');
  if (hours < 24) return `${hours}:${clock}`;
  const time = `${padded(hours % 24)}:${clock.slice(0, 2)}`;
  return `${Math.floor(hours / 24)}d${time === '00:00' ? '' : ` ${time}`}`;
}

function padded(value: number): string {
  return String(value).padStart(2, '0');
}

function fraction(micros: number): string {
  return ((micros / 1e6) % 1).toFixed(6).slice(1).replace(/0+$/, '');
}

const GROUPED = new Intl.NumberFormat('en-GB');

/** `12,345`. */
export function count(value: number): string {
  return GROUPED.format(value);
}

export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `23 Nov 08:14`, UTC. */
export function shortTime(micros: number): string {
  const date = new Date(micros / 1000);
  const month = MONTHS[date.getUTCMonth()] ?? '';
  return `${date.getUTCDate()} ${month} ${padded(date.getUTCHours())}:${padded(date.getUTCMinutes())}`;
}

/** `2026-11-23 08:14:55.961197 UTC`: all that the log knows. */
export function exactTime(micros: number): string {
  const iso = new Date(Math.floor(micros / 1000)).toISOString();
  return `${iso.slice(0, 10)} ${iso.slice(11, 23)}${String(micros % 1000).padStart(3, '0')} UTC`;
}

/** `950 characters`, `1.05M characters`. */
export function textSize(text: string): string {
  return `${compact(text.length)} characters`;
}

/**
 * Characters that are not seen but change how others are seen: controls, bidirectional marks, zero-width spaces, tags,
 * line separators, lone surrogates. Line feed and tab are layout; the joiners U+200C and U+200D make letters and emoji.
 */
const UNSEEN = /(?![\n\t\u200c\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** The text with unseen characters named (`‹U+202E›`), so that nothing in a log can turn a line around. */
export function visible(text: string): string {
  return text.replace(UNSEEN, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return code === 0x0d ? '‹CR›' : `‹U+${code.toString(16).toUpperCase().padStart(4, '0')}›`;
  });
}

/** Nobody reads more of a name, and a megabyte in one line stops a browser. */
const LINE_CHARACTERS = 200;

/** For one line: line ends and tabs become spaces, and what is longer than a name is cut. */
export function oneLine(text: string): string {
  const short = text.length > LINE_CHARACTERS ? `${cut(text, LINE_CHARACTERS)}…` : text;
  return visible(short.replace(/[\r\n\t]+/g, ' '));
}
