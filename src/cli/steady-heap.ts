import { setFlagsFromString } from 'node:v8';

/**
 * By default V8 lets the heap grow to several times the live data before it collects old garbage. Twice the live data is
 * enough here. 1.25 times would save 10 MB and cost a tenth of the time.
 */
const GROWTH_PERCENT = 100;

/** For long-running commands. Affects this process only, from the next collection on. */
export function keepHeapSteady(): void {
  setFlagsFromString(`--heap-growing-percent=${GROWTH_PERCENT}`);
}
