import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { type DecodedMetric, spansIn } from './export/decode.ts';
import { type Behaviour, startReceiver } from './export/receiver.ts';
import { startBin } from './start-bin.ts';

/** What a replay of the built program came to, in an order that does not depend on that of its requests. */
export interface JobsRun {
  readonly code: number | string | null;
  readonly err: string;
  /** One text for each span, as the receiver got it. */
  readonly spans: readonly string[];
  /** The same from the output file. */
  readonly fileSpans: readonly string[];
  /** The points of each snapshot; snapshots in their order. */
  readonly snapshots: readonly (readonly string[])[];
  readonly fileSnapshots: readonly (readonly string[])[];
  readonly report: JobsReport;
  readonly diagnostics: readonly string[];
}

export interface JobsReport {
  readonly lines: number;
  readonly account: Readonly<Record<string, number>>;
  readonly spans: Readonly<Record<string, number>>;
  readonly diagnostics: readonly { readonly code: string }[];
  readonly diagnosticCounts: Readonly<Record<string, number>>;
  readonly accounts: readonly Readonly<Record<string, unknown>>[];
}

/** Replays to a receiver and to a file at once. */
export async function replayInJobs(
  folder: string,
  logs: readonly string[],
  jobs: number | string,
  { more = [], behave }: { readonly more?: readonly string[]; readonly behave?: Behaviour } = {},
): Promise<JobsRun> {
  const receiver = await startReceiver(behave === undefined ? {} : { behave });
  const [output, reportFile, diagnosticsFile] = ['out.jsonl', 'report.json', 'diagnostics.ndjson'].map(
    (name) => join(folder, name),
  );
  try {
    const { code, err } = await startBin(
      ...['replay', ...logs, '--jobs', `${jobs}`, '-e', 'otlp', '--endpoint', receiver.url],
      ...['-e', 'otlp_file', '-o', `${output}`],
      ...['--report', `${reportFile}`, '--diagnostics', `${diagnosticsFile}`, ...more],
    ).ended;
    const written = await linesOf(`${output}`);
    const report = JSON.parse(await readFile(`${reportFile}`, 'utf8'));
    return {
      code,
      err: err.replaceAll(receiver.url, 'RECEIVER').replaceAll(folder, 'FOLDER'),
      spans: texts(receiver.requests.flatMap(({ traces }) => (traces === undefined ? [] : spansIn(traces)))),
      fileSpans: texts(written.flatMap((line) => (line.resourceSpans === undefined ? [] : spansIn(line)))),
      snapshots: receiver.requests.flatMap(({ metrics }) => snapshotsOf(metrics)),
      fileSnapshots: written.flatMap(snapshotsOf),
      report: withoutRequests(report, receiver.url),
      diagnostics: texts(await linesOf(`${diagnosticsFile}`)),
    };
  } finally {
    await receiver.stop();
  }
}

const texts = (items: readonly object[]) => items.map((item) => JSON.stringify(item)).toSorted();

async function linesOf(file: string) {
  const lines = (await readFile(file, 'utf8')).split('\n').filter(Boolean);
  return lines.map((line) => JSON.parse(line));
}

interface Metrics {
  readonly resourceMetrics?: readonly {
    readonly scopeMetrics: readonly { readonly metrics: readonly DecodedMetric[] }[];
  }[];
}

function snapshotsOf({ resourceMetrics = [] }: Metrics = {}): readonly (readonly string[])[] {
  return resourceMetrics.map(({ scopeMetrics }) =>
    texts(
      scopeMetrics
        .flatMap(({ metrics }) => metrics)
        .flatMap(({ name, sum, histogram }) =>
          [...(sum?.dataPoints ?? []), ...(histogram?.dataPoints ?? [])].map((point) => ({ name, ...point })),
        ),
    ),
  );
}

/** How many requests it takes depends on who sends them. */
function withoutRequests({ accounts, ...report }: JobsReport, url: string): JobsReport {
  return {
    ...report,
    accounts: accounts.map(({ requests, destination, ...account }) => ({
      ...account,
      destination: `${destination}`.replace(url, 'RECEIVER'),
      someRequests: Number(requests) > 0,
    })),
  };
}

/** Writes a log that no session ever wrote. @returns how many events it holds */
export async function generateLog(path: string, events: number): Promise<void> {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const generator = pathToFileURL(join(root, 'scripts/bench/log.js')).href;
  const script = `import { writeLog } from '${generator}'; await writeLog(process.argv[1], ${events});`;
  await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script, path]);
}
