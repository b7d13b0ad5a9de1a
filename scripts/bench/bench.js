/**
 * `npm run bench`: replays generated logs and prints how that compares with other ways. From one run, alternating, medians.
 * Wall time needs a quiet machine; the ratios of CPU time hold on a busy one too.
 *
 *   --rounds <n>      runs of each (5)
 *   --events <n>      events of the main comparison (1000000)
 *   --raw-events <n>  events of the raw log, 9 KB each (70000)
 *   --sizes <n,n…>    events of the logs for memory and cost per event (10000,100000,1000000)
 *   --seed-events <n> events for the live plugin, which is slow (20000)
 *   --json <file>     writes all of it
 *   --check           small, and fails when a ratio fell below 80 % of the committed one
 *   --update          small, and commits the ratios to baseline.json
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { devNull } from 'node:os';
import { parseArgs } from 'node:util';
import { logOf, seedPython, tenLines } from './cache.js';
import { contenders, replay } from './contenders.js';
import { measureNode, median } from './measure.js';
import { startReceiver } from './receiving.js';
import { comparisonTable, ratiosOf, sizesTable, startTable, wideTable } from './tables.js';

const BASELINE = new URL('baseline.json', import.meta.url);
const STILL_GOOD = 0.8;
const CHECK_EVENTS = 200_000;
const CHECK_RAW_EVENTS = 20_000;
/** Tools of one turn, all open at once: the cost of an event should not depend on how many there are. */
const WIDE = [10_000, 40_000];
/** Of so many times the rounds, at most. */
const MOST_CHECKS = 4;

const { values: flags } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    events: { type: 'string', default: '1000000' },
    'raw-events': { type: 'string', default: '70000' },
    sizes: { type: 'string', default: '10000,100000,1000000' },
    'seed-events': { type: 'string', default: '20000' },
    json: { type: 'string' },
    check: { type: 'boolean', default: false },
    update: { type: 'boolean', default: false },
  },
});
const rounds = Number(flags.rounds);
const receiver = await startReceiver();
try {
  process.exitCode = flags.check || flags.update ? await check() : await bench();
} finally {
  receiver.stop();
}

async function bench() {
  const { python, missing } = await seedPython();
  const log = await logOf(Number(flags.events));
  const small = await logOf(Number(flags['seed-events']));
  const raw = await logOf(Number(flags['raw-events']), 'raw');
  const results = await alternate(contenders(python), { main: log, small, raw });
  const sizes = await memory(flags.sizes.split(',').map(Number));
  const starts = await startUps();
  const wide = await wideTurns();
  say(comparisonTable(results, log));
  if (missing !== undefined) say(`(c) the live plugin: ${missing}`);
  say(sizesTable(sizes));
  say(startTable(starts));
  say(wideTable(wide));
  if (flags.json !== undefined) {
    writeFileSync(
      flags.json,
      `${JSON.stringify({ log, results, ratios: ratiosOf(results), sizes, starts, wide }, undefined, 2)}\n`,
    );
  }
  return results.some(({ lost }) => lost > 0) ? 1 : 0;
}

/**
 * Ratios only, of each one's best run: absolute times say more about the machine than about us, and what disturbs only adds.
 * A ratio that seems to have fallen is measured over more rounds: a neighbour goes away, a slower program does not.
 */
async function check() {
  const logs = { main: await logOf(CHECK_EVENTS), raw: await logOf(CHECK_RAW_EVENTS, 'raw') };
  const all = contenders(undefined);
  const runs = createRuns(all);
  await addRounds(runs, all, logs);
  if (flags.update) {
    writeFileSync(
      BASELINE,
      `${JSON.stringify({ events: CHECK_EVENTS, cpuRatios: ratiosOf(summary(runs, best)).cpu }, undefined, 2)}\n`,
    );
    return 0;
  }
  const { cpuRatios } = JSON.parse(readFileSync(BASELINE, 'utf8'));
  let rows = compared(runs, cpuRatios);
  for (let times = 1; times < MOST_CHECKS && rows.some(hasFallen); times += 1) {
    say(`${fallenNames(rows)}: measured again, over ${(times + 1) * rounds} rounds`);
    await addRounds(runs, all, logs);
    rows = compared(runs, cpuRatios);
  }
  for (const { name, before, now } of rows)
    say(`${name}: ${now.toFixed(2)} (committed: ${before.toFixed(2)})`);
  const fallen = rows.filter(hasFallen);
  if (fallen.length > 0) say(`${fallenNames(rows)} fell below ${STILL_GOOD * 100} % of what is committed`);
  say(`${rows.length - fallen.length} passed, ${fallen.length} failed`);
  return fallen.length === 0 ? 0 : 1;
}

function compared(runs, committed) {
  const now = ratiosOf(summary(runs, best)).cpu;
  return Object.entries(committed).map(([name, before]) => ({ name, before, now: now[name] ?? 0 }));
}

function hasFallen({ before, now }) {
  return !(now >= before * STILL_GOOD);
}

function fallenNames(rows) {
  return rows
    .filter(hasFallen)
    .map(({ name }) => name)
    .join(', ');
}

/** Runs of each contender, by its name. */
function createRuns(all) {
  return new Map(all.map(({ name }) => [name, []]));
}

async function alternate(all, logs) {
  const runs = createRuns(all);
  await addRounds(runs, all, logs);
  return summary(runs, median);
}

/** One of each, then again: what disturbs the machine for a while disturbs all of them. */
async function addRounds(runs, all, logs) {
  for (let round = 0; round < rounds; round += 1) {
    for (const contender of all) {
      const { path, spans, events } = logs[contender.of ?? 'main'];
      const used = await contender.run(path, receiver.url);
      const came = await receiver.count();
      runs
        .get(contender.name)
        .push({ ...used, events, spans, lost: contender.sends ? spans - came.distinct : 0 });
      note(`${contender.name} ${round + 1}/${rounds}`);
    }
  }
}

function summary(runs, pick) {
  return [...runs].map(([name, of]) => ({
    name,
    events: of[0].events,
    spans: of[0].spans,
    wallMillis: pick(of.map((one) => one.wallMillis)),
    cpuMillis: pick(of.map((one) => one.cpuMillis)),
    rssMb: median(of.map((one) => one.rssMb)),
    lost: Math.max(...of.map((one) => one.lost)),
  }));
}

async function wideTurns() {
  const rows = [];
  for (const tools of WIDE) {
    const { path, events } = await logOf(tools, 'wide');
    rows.push({ ...(await replay(path, ['-e', 'otlp_file', '-o', devNull])), events, tools });
  }
  return rows;
}

async function memory(sizes) {
  const rows = [];
  for (const size of sizes) {
    const { path, events } = await logOf(size);
    const used = await replay(path, ['-e', 'otlp', '--endpoint', receiver.url]);
    await receiver.count();
    rows.push({ ...used, events });
  }
  return rows;
}

async function startUps() {
  const path = await tenLines();
  const ways = {
    'node -e 0': () => measureNode('nothing.js', []),
    '--help': () => measureNode('../../bin/hermes-otel.js', ['--help']),
    'replay of ten lines to the terminal': () => replay(path, []),
    'replay of ten lines over OTLP': () => replay(path, ['-e', 'otlp', '--endpoint', receiver.url]),
  };
  const rows = [];
  const runs = new Map(Object.keys(ways).map((name) => [name, []]));
  for (let round = 0; round < rounds; round += 1)
    for (const [name, run] of Object.entries(ways)) runs.get(name).push(await run());
  for (const [name, of] of runs) {
    rows.push({
      name,
      wallMillis: median(of.map((one) => one.wallMillis)),
      cpuMillis: median(of.map((one) => one.cpuMillis)),
    });
  }
  return rows;
}

function best(times) {
  return Math.min(...times);
}

function say(text) {
  process.stdout.write(`${text}\n\n`);
}

function note(text) {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`);
}
