/** The end-to-end checklist of the viewing stack: seven steps, each of which asks the programs themselves. */
import { parseJson } from '../model/json.ts';
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

/** What a check found; `next` only when it is not ok. */
interface Found {
  readonly found: string;
  readonly next?: string;
}

interface Step {
  readonly name: string;
  /** The programs that it asks. */
  readonly needs: readonly Program[];
  run(): Promise<Found>;
}

type Program = 'Collector' | 'Jaeger' | 'Prometheus' | 'Grafana';

/** Runs every step whose programs answer: one cause is one failure. */
export async function* checkStack(world: CheckWorld): AsyncGenerator<StepResult> {
  const { down, ...first } = await programsAnswer(world);
  yield resultOf('All four programs are up', first);
  for (const { name, needs, run } of stepsOf(world)) {
    const missing = needs.find((program) => down.has(program));
    if (missing !== undefined) {
      const found = `Not checked: ${missing} has failed above.`;
      yield { name, ok: false, skipped: true, found, next: undefined };
      continue;
    }
    const result = resultOf(name, await run());
    yield result;
    // A Collector that refuses data has nothing to show in the later steps.
    if (!result.ok && needs.length === 1 && needs[0] === 'Collector') down.add('Collector');
  }
}

function resultOf(name: string, { found, next }: Found): StepResult {
  return { name, ok: next === undefined, found, next };
}

function stepsOf(world: CheckWorld): readonly Step[] {
  let sent: SentSample = { traceId: '', problems: [] };
  return [
    {
      name: 'The Collector answers on its OTLP port',
      needs: ['Collector'],
      run: () => collectorAccepts(world),
    },
    {
      name: 'Prometheus scrapes the Collector',
      needs: ['Prometheus', 'Collector'],
      run: () => targetIsUp(world),
    },
    {
      name: 'The test is accepted',
      needs: ['Collector'],
      run: async () => {
        sent = await world.sendSample(world.addresses.collector);
        return sampleWasSent(sent);
      },
    },
    {
      name: `Jaeger shows one trace of ${SAMPLE_SPANS} spans`,
      needs: ['Jaeger', 'Collector'],
      run: () => jaegerShows(world, sent),
    },
    {
      name: `Prometheus has the ${METRIC_FAMILIES.length} metrics`,
      needs: ['Prometheus', 'Collector'],
      run: () => metricsAreThere(world),
    },
    {
      name: 'Both data sources in Grafana are green',
      needs: ['Grafana', 'Prometheus', 'Jaeger'],
      run: () => dataSourcesAreGreen(world),
    },
  ];
}

async function programsAnswer({ addresses }: CheckWorld): Promise<Found & { readonly down: Set<Program> }> {
  const programs = [
    ['Collector', addresses.health],
    ['Jaeger', addresses.jaeger],
    ['Prometheus', `${addresses.prometheus}/-/ready`],
    ['Grafana', `${addresses.grafana}/api/health`],
  ] as const;
  const answers = await Promise.all(
    programs.map(async ([program, url]) => ({ program, url, answer: await ask(url) })),
  );
  const unanswered = answers.filter(({ answer }) => answer.status !== 200);
  const down = new Set<Program>(unanswered.map(({ program }) => program));
  if (down.size === 0) return { found: programs.map(([program]) => program).join(', '), down };
  return {
    down,
    found: unanswered
      .map(({ program, url, answer }) => `${program}: ${describe(answer)} at ${url}`)
      .join('; '),
    next: "`docker compose up -d --wait` in the stack's folder, then `docker compose ps` and `docker compose logs` of the program that does not answer.",
  };
}

async function collectorAccepts({ addresses }: CheckWorld): Promise<Found> {
  const url = `${addresses.collector}/v1/traces`;
  const answer = await ask(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ resourceSpans: [] }),
  });
  if (answer.status === 200) return { found: url };
  return {
    found: `${describe(answer)} at ${url}`,
    next: "Check that nothing else has the port (`docker compose ps` shows it as published) and that --collector names the HTTP port, 4318, not gRPC's 4317.",
  };
}

async function targetIsUp(world: CheckWorld): Promise<Found> {
  const url = `${world.addresses.prometheus}/api/v1/targets?state=active`;
  const { value: health, answer } = await eventually(world, url, (body) => {
    const target = list(body, 'data', 'activeTargets').find(
      (each) => at(each, 'scrapePool') === 'otel-collector',
    );
    return { done: at(target, 'health') === 'up', value: at(target, 'health') };
  });
  if (health === 'up') return { found: 'The target `otel-collector` is up.' };
  return {
    found:
      answer.status === 200
        ? `The target \`otel-collector\` is ${String(health ?? 'not there')}.`
        : describe(answer),
    next: "Open /targets in Prometheus for the reason; prometheus.yaml must name the Collector's port 8889.",
  };
}

function sampleWasSent({ traceId, problems }: SentSample): Found {
  if (problems.length === 0) return { found: `Trace ${traceId} and its metrics.` };
  return { found: problems.join(' '), next: 'Run `hermes-otel doctor` against the same address.' };
}

async function jaegerShows(world: CheckWorld, { traceId }: SentSample): Promise<Found> {
  const url = `${world.addresses.jaeger}/api/traces/${traceId}`;
  const { value: spans, answer } = await eventually(world, url, (body) => {
    const count = list(body, 'data', 0, 'spans').length;
    return { done: count === SAMPLE_SPANS, value: count };
  });
  if (spans === SAMPLE_SPANS) return { found: `${world.addresses.jaeger}/trace/${traceId}` };
  return {
    found: answer.status === 200 ? `It shows ${spans} spans.` : `${describe(answer)} for trace ${traceId}`,
    next: 'Read `docker compose logs otel-collector`, which shows whether it can reach jaeger:4317.',
  };
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

async function metricsAreThere(world: CheckWorld): Promise<Found> {
  const query = encodeURIComponent('count by (__name__) ({__name__=~"hermes_.*"})');
  const url = `${world.addresses.prometheus}/api/v1/query?query=${query}`;
  const { value: missing, answer } = await eventually(world, url, (body) => {
    const names = list(body, 'data', 'result').map((series) => String(at(series, 'metric', '__name__')));
    const absent = METRIC_FAMILIES.filter((family) => !names.some((each) => each.startsWith(family)));
    return { done: absent.length === 0, value: absent };
  });
  if (missing.length === 0) return { found: 'All of `{__name__=~"hermes_.*"}`.' };
  return {
    found: answer.status === 200 ? `Missing: ${missing.join(', ')}.` : describe(answer),
    next: "Open the Collector's port 8889, path /metrics. If they are there, Prometheus has not scraped yet or lacks honor_labels.",
  };
}

async function dataSourcesAreGreen({ addresses }: CheckWorld): Promise<Found> {
  const sources = ['hermes-prometheus', 'hermes-jaeger'];
  const answers = await Promise.all(
    sources.map(async (uid) => ({
      uid,
      answer: await ask(`${addresses.grafana}/api/datasources/uid/${uid}/health`),
    })),
  );
  const bad = answers.filter(({ answer }) => at(answer.body, 'status') !== 'OK');
  if (bad.length === 0) return { found: sources.join(', ') };
  return {
    found: bad
      .map(({ uid, answer }) => `${uid}: ${String(at(answer.body, 'message') ?? describe(answer))}`)
      .join('; '),
    next: 'Grafana → Connections → Data sources → Save & test says why; the files under grafana/provisioning must be mounted.',
  };
}

/** Asks once a second until `look` is done or the time is up. `value` is that of the last answer. */
async function eventually<T>(
  world: CheckWorld,
  url: string,
  look: (body: unknown) => { readonly done: boolean; readonly value: T },
) {
  const deadline = world.now() + world.waitMillis;
  for (;;) {
    const answer = await ask(url);
    const { done, value } = look(answer.body);
    // The first step reports programs that do not answer. Waiting would not help.
    if (done || answer.status === undefined || world.now() >= deadline) return { answer, value };
    await world.sleep(1_000);
  }
}

/** A response, or the reason why there is none. */
interface Answer {
  /** `undefined` without a response. */
  readonly status: number | undefined;
  /** Parsed JSON; `undefined` when the response was something else. */
  readonly body: unknown;
  /** Why there is no response, in a few words. */
  readonly reason: string | undefined;
}

const TIMEOUT_MILLIS = 5_000;

async function ask(url: string, init: RequestInit = {}): Promise<Answer> {
  try {
    const response = await fetch(url, { ...init, signal: AbortSignal.timeout(TIMEOUT_MILLIS) });
    const text = await response.text();
    return { status: response.status, body: parseJson(text), reason: undefined };
  } catch (error) {
    return { status: undefined, body: undefined, reason: reasonOf(error) };
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
