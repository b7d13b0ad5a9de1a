/** Figures for people, with about three digits. JSON output is not rounded. */
import type { EpochMicros } from '../model/time.ts';

const SECOND = 1_000_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** `412µs`, `4.1ms`, `442ms`, `2.58s`, `3m12s`, `2h05m`. */
export function duration(micros: number): string {
  if (micros === 0) return '0ms';
  if (micros < 999.5) return `${Math.round(micros)}µs`;
  if (micros < 9_950) return `${(micros / 1000).toFixed(1)}ms`;
  if (micros < 999_500) return `${Math.round(micros / 1000)}ms`;
  if (micros < 59.95 * SECOND) return `${seconds(micros)}s`;
  const whole = Math.round(micros / SECOND);
  if (whole < 3600) return `${Math.floor(whole / 60)}m${twoDigits(whole % 60)}s`;
  const minutes = Math.round(micros / MINUTE);
  return `${Math.floor((minutes * MINUTE) / HOUR)}h${twoDigits(minutes % 60)}m`;
}

/** `812`, `9,999`, `12.4k`, `1.2M`. */
export function count(value: number): string {
  if (value < 1000) return String(value);
  if (value < 9_999.5)
    return `${Math.floor(value / 1000)},${String(Math.floor(value % 1000)).padStart(3, '0')}`;
  if (value < 999_950) return `${(value / 1000).toFixed(1)}k`;
  return `${(value / 1_000_000).toFixed(1)}M`;
}

/** `1 turn`, `2 turns`. */
export function plural(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? '' : 's'}`;
}

/** ISO 8601 in UTC to the second, with a space: `2026-11-23 08:20:14Z`. */
export function clockTime(time: EpochMicros): string {
  const iso = new Date(time / 1000).toISOString();
  return `${iso.slice(0, 10)} ${iso.slice(11, 19)}Z`;
}

function seconds(micros: number): string {
  return (micros / SECOND).toFixed(micros < 9.995 * SECOND ? 2 : 1);
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}
