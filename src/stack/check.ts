/** The end-to-end checklist of the viewing stack: seven steps, each of which asks the programs themselves. */
import { SAMPLE_SPANS } from '../sample/sample-log.ts';

/** The result of one step. */
export interface StepResult {
  readonly name: string;
  readonly ok: boolean;
  /** True for a step that was left out, because a program that it needs has failed already. */
  readonly skipped?: true;
  /** One sentence. */
  readonly found: string;
  /** `undefined` when the step is ok. */
  readonly next: string | undefined;
}

/** Base addresses, without a trailing slash. */
export interface StackAddresses {
  /** OTLP over HTTP. */
  readonly collector: string;
  /** The Collector's health check. */
  readonly health: string;
  readonly jaeger: string;
  readonly prometheus: string;
  readonly grafana: string;
}

/** The result of sending the six-span sample. */
export interface SentSample {
  readonly traceId: string;
  /** One sentence each; empty when everything was accepted. */
  readonly problems: readonly string[];
}

/** What the checklist needs from outside. */
export interface CheckWorld {
  readonly addresses: StackAddresses;
  /** Sends the sample to the Collector. Rejects only for a bug of ours. */
  sendSample(endpoint: string): Promise<SentSample>;
  /** How long a program may take to show what it received. */
  readonly waitMillis: number;
  /** Milliseconds of a monotonic clock. */
  now(): number;
  sleep(millis: number): Promise<unknown>;
}

function ok(name: string, found: string): StepResult {
  return { name, ok: true, found, next: undefined };
}

function failed(name: string, found: string, next: string): StepResult {
  return { name, ok: false, found, next };
}

type Program = 'Collector' | 'Jaeger' | 'Prometheus' | 'Grafana';

/** Runs every step whose programs answer: one cause is one failure. */
export async function* checkStack(world: CheckWorld): AsyncGenerator<StepResult> {
  const { step, down } = await programsAnswer(world);
  yield step;
  let isAccepting = !down.has('Collector');
  const needs = async (
    name: string,
    programs: readonly Program[],
    run: () => Promise<StepResult>,
  ): Promise<StepResult> => {
    const missing = programs.find(
      (program) => down.has(program) || (program === 'Collector' && !isAccepting),
    );
    return missing === undefined
      ? run()
      : {
          name,
          ok: false,
          skipped: true,
          found: `Not checked: ${missing} has failed above.`,
          next: undefined,
        };
  };
  const accepts = await needs(NAMES.accepts, ['Collector'], () => collectorAccepts(world));
  isAccepting &&= accepts.ok;
  yield accepts;
  yield await needs(NAMES.target, ['Prometheus', 'Collector'], () => targetIsUp(world));
  let sent: SentSample = { traceId: '', problems: [] };
  const sample = await needs(NAMES.sample, ['Collector'], async () => {
    sent = await world.sendSample(world.addresses.collector);
    return sampleWasSent(sent);
  });
  isAccepting &&= sample.ok;
  yield sample;
  yield await needs(NAMES.trace, ['Jaeger', 'Collector'], () => jaegerShows(world, sent));
  yield await needs(NAMES.metrics, ['Prometheus', 'Collector'], () => metricsAreThere(world));
  yield await needs(NAMES.sources, ['Grafana', 'Prometheus', 'Jaeger'], () => dataSourcesAreGreen(world));
}

async function programsAnswer({
  addresses,
}: CheckWorld): Promise<{ readonly step: StepResult; readonly down: ReadonlySet<Program> }> {
  const name = 'All four programs are up';
  const programs = [
    ['Collector', addresses.health],
    ['Jaeger', addresses.jaeger],
    ['Prometheus', `${addresses.prometheus}/-/ready`],
    ['Grafana', `${addresses.grafana}/api/health`],
  ] as const;
  const answers = await Promise.all(
    programs.map(async ([program, url]) => ({ program, url, answer: await get(url) })),
  );
  const unanswered = answers.filter(({ answer }) => answer.status !== 200);
  const down = new Set(unanswered.map(({ program }) => program));
  if (down.size === 0) return { step: ok(name, programs.map(([program]) => program).join(', ')), down };
  const step = failed(
    name,
    unanswered.map(({ program, url, answer }) => `${program}: ${describe(answer)} at ${url}`).join('; '),
    "`docker compose up -d --wait` in the stack's folder, then `docker compose ps` and `docker compose logs` of the program that does not answer.",
  );
  return { step, down };
}

async function collectorAccepts({ addresses }: CheckWorld): Promise<StepResult> {
  const name = NAMES.accepts;
  const url = `${addresses.collector}/v1/traces`;
  const answer = await postJson(url, { resourceSpans: [] });
  if (answer.status === 200) return ok(name, url);
  return failed(
    name,
    `${describe(answer)} at ${url}`,
    "Check that nothing else has the port (`docker compose ps` shows it as published) and that --collector names the HTTP port, 4318, not gRPC's 4317.",
  );
}

async function targetIsUp(world: CheckWorld): Promise<StepResult> {
  const name = NAMES.target;
  const url = `${world.addresses.prometheus}/api/v1/targets?state=active`;
  const { value: health, answer } = await eventually(world, url, (body) => {
    const target = list(body, 'data', 'activeTargets').find(
      (each) => at(each, 'scrapePool') === 'otel-collector',
    );
    return { done: at(target, 'health') === 'up', value: at(target, 'health') };
  });
  if (health === 'up') return ok(name, 'The target `otel-collector` is up.');
  return failed(
    name,
    answer.status === 200
      ? `The target \`otel-collector\` is ${String(health ?? 'not there')}.`
      : describe(answer),
    "Open /targets in Prometheus for the reason; prometheus.yaml must name the Collector's port 8889.",
  );
}

function sampleWasSent({ traceId, problems }: SentSample): StepResult {
  const name = NAMES.sample;
  if (problems.length === 0) return ok(name, `Trace ${traceId} and its metrics.`);
  return failed(name, problems.join(' '), 'Run `hermes-otel doctor` against the same address.');
}

async function jaegerShows(world: CheckWorld, { traceId }: SentSample): Promise<StepResult> {
  const name = NAMES.trace;
  const url = `${world.addresses.jaeger}/api/traces/${traceId}`;
  const { value: spans, answer } = await eventually(world, url, (body) => {
    const count = list(body, 'data', 0, 'spans').length;
    return { done: count === SAMPLE_SPANS, value: count };
  });
  if (spans === SAMPLE_SPANS) return ok(name, `${world.addresses.jaeger}/trace/${traceId}`);
  return failed(
    name,
    answer.status === 200 ? `It shows ${spans} spans.` : `${describe(answer)} for trace ${traceId}`,
    'Read `docker compose logs otel-collector`, which shows whether it can reach jaeger:4317.',
  );
}

/** The prefixes of the seven metrics' Prometheus names. */
export const METRIC_FAMILIES = [
  'hermes_gen_ai_client_operation_duration_seconds',
  'hermes_gen_ai_client_token_usage',
  'hermes_hermes_tool_duration_seconds',
  'hermes_hermes_turn_duration_seconds',
  'hermes_hermes_turn_api_call_count',
  'hermes_hermes_turn_tool_call_count',
  'hermes_hermes_session_turn_count_total',
] as const;

const NAMES = {
  accepts: 'The Collector answers on its OTLP port',
  target: 'Prometheus scrapes the Collector',
  sample: 'The test is accepted',
  trace: `Jaeger shows one trace of ${SAMPLE_SPANS} spans`,
  metrics: `Prometheus has the ${METRIC_FAMILIES.length} metrics`,
  sources: 'Both data sources in Grafana are green',
} as const;

async function metricsAreThere(world: CheckWorld): Promise<StepResult> {
  const name = NAMES.metrics;
  const query = encodeURIComponent('count by (__name__) ({__name__=~"hermes_.*"})');
  const url = `${world.addresses.prometheus}/api/v1/query?query=${query}`;
  const { value: missing, answer } = await eventually(world, url, (body) => {
    const names = list(body, 'data', 'result').map((series) => String(at(series, 'metric', '__name__')));
    const absent = METRIC_FAMILIES.filter((family) => !names.some((each) => each.startsWith(family)));
    return { done: absent.length === 0, value: absent };
  });
  if (missing?.length === 0) return ok(name, 'All of `{__name__=~"hermes_.*"}`.');
  return failed(
    name,
    answer.status === 200 ? `Missing: ${(missing ?? METRIC_FAMILIES).join(', ')}.` : describe(answer),
    "Open the Collector's port 8889, path /metrics. If they are there, Prometheus has not scraped yet or lacks honor_labels.",
  );
}

async function dataSourcesAreGreen({ addresses }: CheckWorld): Promise<StepResult> {
  const name = NAMES.sources;
  const sources = ['hermes-prometheus', 'hermes-jaeger'];
  const answers = await Promise.all(
    sources.map(async (uid) => ({
      uid,
      answer: await get(`${addresses.grafana}/api/datasources/uid/${uid}/health`),
    })),
  );
  const bad = answers.filter(({ answer }) => at(answer.body, 'status') !== 'OK');
  if (bad.length === 0) return ok(name, sources.join(', '));
  return failed(
    name,
    bad
      .map(({ uid, answer }) => `${uid}: ${String(at(answer.body, 'message') ?? describe(answer))}`)
      .join('; '),
    'Grafana → Connections → Data sources → Save & test says why; the files under grafana/provisioning must be mounted.',
  );
}

interface Look<T> {
  readonly done: boolean;
  readonly value: T;
}

/** Asks once a second until `look` is done or the time is up. `value` is that of the last answer. */
async function eventually<T>(world: CheckWorld, url: string, look: (body: unknown) => Look<T>) {
  const deadline = world.now() + world.waitMillis;
  for (;;) {
    const answer = await get(url);
    const { done, value } = look(answer.body);
    // The first step reports programs that do not answer. Waiting would not help.
    if (done || answer.status === undefined || world.now() >= deadline) return { answer, value };
    await world.sleep(1_000);
  }
}

/** A response, or the reason why there is none. */
export interface Answer {
  /** `undefined` without a response. */
  readonly status: number | undefined;
  /** Parsed JSON; `undefined` when the response was something else. */
  readonly body: unknown;
  /** Why there is no response, in a few words. */
  readonly reason: string | undefined;
}

const TIMEOUT_MILLIS = 5_000;

async function get(url: string): Promise<Answer> {
  return ask(url, {});
}

async function postJson(url: string, body: unknown): Promise<Answer> {
  return ask(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}

async function ask(url: string, init: RequestInit): Promise<Answer> {
  try {
    const response = await fetch(url, { ...init, signal: AbortSignal.timeout(TIMEOUT_MILLIS) });
    const text = await response.text();
    return { status: response.status, body: parsed(text), reason: undefined };
  } catch (error) {
    return { status: undefined, body: undefined, reason: reasonOf(error) };
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Node's fetch reports "fetch failed"; the reason is in its cause: `ECONNREFUSED`, `ENOTFOUND`… */
function reasonOf(error: unknown): string {
  const reasons = [at(error, 'cause', 'code'), at(error, 'cause', 'message'), at(error, 'message')];
  return String(reasons.find((reason) => typeof reason === 'string' && reason !== '') ?? error);
}

function describe({ status, reason }: Answer): string {
  return status === undefined ? `no answer (${reason})` : `HTTP ${status}`;
}

/** The value at a path of keys and indexes; `undefined` when there is none. */
function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>(
    (inner, key) => (typeof inner === 'object' && inner !== null ? Reflect.get(inner, key) : undefined),
    value,
  );
}

/** An array in parsed JSON, empty when there is none. */
function list(body: unknown, ...path: readonly (string | number)[]): readonly unknown[] {
  const value = at(body, ...path);
  return Array.isArray(value) ? value : [];
}
