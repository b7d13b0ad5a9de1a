import { SAMPLE_SPANS } from '../sample/sample-log.ts';
import { at, get, inWords, list, postJson } from './http.ts';
import { type CheckWorld, failed, ok, type SentSample, type StepResult } from './step.ts';

/**
 * The end-to-end checklist of the plug-in's manual, asked of the programs themselves. Every step is asked, also after a failed
 * one: what fails together is half of the answer.
 */
export async function* checkStack(world: CheckWorld): AsyncGenerator<StepResult> {
  yield await programsAnswer(world);
  yield await collectorAccepts(world);
  yield await targetIsUp(world);
  const sent = await world.sendSample(world.addresses.collector);
  yield sampleWasSent(sent);
  yield await jaegerShows(world, sent);
  yield await metricsAreThere(world);
  yield await dataSourcesAreGreen(world);
}

async function programsAnswer({ addresses }: CheckWorld): Promise<StepResult> {
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
  const silent = answers.filter(({ answer }) => answer.status !== 200);
  if (silent.length === 0) return ok(name, programs.map(([program]) => program).join(', '));
  return failed(
    name,
    silent.map(({ program, url, answer }) => `${program}: ${inWords(answer)} at ${url}`).join('; '),
    "`docker compose up -d --wait` in the stack's folder, then `docker compose ps` and `docker compose logs` of the silent one.",
  );
}

async function collectorAccepts({ addresses }: CheckWorld): Promise<StepResult> {
  const name = 'The Collector answers on its OTLP port';
  const url = `${addresses.collector}/v1/traces`;
  const answer = await postJson(url, { resourceSpans: [] });
  if (answer.status === 200) return ok(name, url);
  return failed(
    name,
    `${inWords(answer)} at ${url}`,
    "Check that nothing else has the port (`docker compose ps` shows it as published) and that --collector names the HTTP port, 4318, not gRPC's 4317.",
  );
}

async function targetIsUp(world: CheckWorld): Promise<StepResult> {
  const name = 'Prometheus scrapes the Collector';
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
      : inWords(answer),
    "Open /targets in Prometheus for the reason; prometheus.yaml must name the Collector's port 8889.",
  );
}

function sampleWasSent({ traceId, problems }: SentSample): StepResult {
  const name = 'The test is accepted';
  if (problems.length === 0) return ok(name, `Trace ${traceId} and its metrics.`);
  return failed(name, problems.join(' '), 'Run `hermes-otel doctor` against the same address.');
}

async function jaegerShows(world: CheckWorld, { traceId }: SentSample): Promise<StepResult> {
  const name = `Jaeger shows one trace of ${SAMPLE_SPANS} spans`;
  const url = `${world.addresses.jaeger}/api/traces/${traceId}`;
  const { value: spans, answer } = await eventually(world, url, (body) => {
    const count = list(body, 'data', 0, 'spans').length;
    return { done: count === SAMPLE_SPANS, value: count };
  });
  if (spans === SAMPLE_SPANS) return ok(name, `${world.addresses.jaeger}/trace/${traceId}`);
  return failed(
    name,
    answer.status === 200 ? `It shows ${spans} spans.` : `${inWords(answer)} for trace ${traceId}`,
    'Read `docker compose logs otel-collector`: it says when it cannot reach jaeger:4317.',
  );
}

/** The seven metrics, as the first words of their Prometheus names. */
export const METRIC_FAMILIES = [
  'hermes_gen_ai_client_operation_duration_seconds',
  'hermes_gen_ai_client_token_usage',
  'hermes_hermes_tool_duration_seconds',
  'hermes_hermes_turn_duration_seconds',
  'hermes_hermes_turn_api_call_count',
  'hermes_hermes_turn_tool_call_count',
  'hermes_hermes_session_turn_count_total',
] as const;

async function metricsAreThere(world: CheckWorld): Promise<StepResult> {
  const name = `Prometheus has the ${METRIC_FAMILIES.length} metrics`;
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
    answer.status === 200 ? `Missing: ${(missing ?? METRIC_FAMILIES).join(', ')}.` : inWords(answer),
    "Look at the Collector's port 8889, path /metrics: when they are there, Prometheus has not scraped yet or has no honor_labels.",
  );
}

async function dataSourcesAreGreen({ addresses }: CheckWorld): Promise<StepResult> {
  const name = 'Both data sources in Grafana are green';
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
      .map(({ uid, answer }) => `${uid}: ${String(at(answer.body, 'message') ?? inWords(answer))}`)
      .join('; '),
    'Grafana → Connections → Data sources → Save & test says why; the files under grafana/provisioning must be mounted.',
  );
}

interface Look<T> {
  readonly done: boolean;
  readonly value: T;
}

/** Asks until `look` is content, a second apart, for as long as the world allows. `value` is the last look's. */
async function eventually<T>(world: CheckWorld, url: string, look: (body: unknown) => Look<T>) {
  const deadline = world.now() + world.waitMillis;
  for (;;) {
    const answer = await get(url);
    const { done, value } = look(answer.body);
    // Who does not answer at all was told about by the first step, and waiting will not help.
    if (done || answer.status === undefined || world.now() >= deadline) return { answer, value };
    await world.sleep(1_000);
  }
}
