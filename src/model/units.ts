/** Figures for people, with about three digits. The terminal, Markdown and the page use the same forms. */
const SECOND = 1_000_000;

/** `0ms`, `412µs`, `4.1ms`, `442ms`, `2.58s`, `3m 12s`, `2h 05m`, `3d 04h`. */
export function duration(micros: number): string {
  if (micros < 0) return `−${duration(-micros)}`;
  if (micros === 0) return '0ms';
  if (micros < 999.5) return `${Math.round(micros)}µs`;
  if (micros < 9_950) return `${(micros / 1000).toFixed(1)}ms`;
  if (micros < 999_500) return `${Math.round(micros / 1000)}ms`;
  if (micros < 9.995 * SECOND) return `${(micros / SECOND).toFixed(2)}s`;
  if (micros < 59.95 * SECOND) return `${(micros / SECOND).toFixed(1)}s`;
  const seconds = Math.round(micros / SECOND);
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m ${twoDigits(seconds % 60)}s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 1440) return `${Math.floor(minutes / 60)}h ${twoDigits(minutes % 60)}m`;
  const hours = Math.round(minutes / 60);
  return `${Math.floor(hours / 24)}d ${twoDigits(hours % 24)}h`;
}

/** `812`, `9,999`, `12.4k`, `984k`, `1.14M`. */
export function count(value: number): string {
  if (value < 999.5) return String(Math.round(value));
  if (value < 9_999.5) return inThousands(Math.round(value));
  if (value < 999_500) return `${threeDigits(value / 1000)}k`;
  return value < 999.5e6 ? `${threeDigits(value / 1e6)}M` : `${threeDigits(value / 1e9)}G`;
}

/** `1 turn`, `2 turns`. `written` writes the number. */
export function plural(value: number, noun: string, written: (value: number) => string = count): string {
  return `${written(value)} ${noun}${value === 1 ? '' : 's'}`;
}

/** US dollars: `$0`, `$0.0055`, `$0.42`, `$12.34`, `$1,234`. Two significant digits below one dollar. */
export function money(dollars: number): string {
  if (dollars === 0) return '$0';
  if (dollars >= 999.995) return `$${count(dollars)}`;
  if (dollars >= 0.995) return `$${dollars.toFixed(2)}`;
  const rounded = Number(dollars.toPrecision(2));
  return `$${rounded.toFixed(Math.min(20, 1 - Math.floor(Math.log10(rounded))))}`;
}

/** `23 %`, `<1 %`. `0 %` of nothing. */
export function percent(part: number, whole: number): string {
  const value = whole === 0 ? 0 : (100 * part) / whole;
  return value > 0 && value < 0.5 ? '<1 %' : `${Math.round(value)} %`;
}

/** `1.14`, `12.3`, `984`. */
function threeDigits(value: number): string {
  return value.toFixed(value < 9.995 ? 2 : value < 99.95 ? 1 : 0);
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}

/** `22,848`. `toLocaleString` loads the data of all languages for it, which takes 10 ms. */
export function inThousands(value: number): string {
  return String(value).replace(/\B(?=(?:\d{3})+$)/g, ',');
}
