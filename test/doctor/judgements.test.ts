import { describe, expect, test } from '@jest/globals';
import { portAdvice } from '../../src/doctor/connection.ts';
import { checkEnvironment } from '../../src/doctor/environment.ts';
import { type Finding, splitOptionProblem, splitSentence } from '../../src/doctor/finding.ts';
import { checkLog, type LogFacts } from '../../src/doctor/log.ts';
import { checkClock, checkHermes, checkNode, type HermesFacts } from '../../src/doctor/machine.ts';
import { epochMicros } from '../../src/model/time.ts';

/** What is not ok, in short. */
const odd = (findings: readonly Finding[]) =>
  findings
    .filter(({ level }) => level !== 'ok')
    .map(({ level, about, found }) => `${level} ${about}: ${found}`);

describe('Node.js', () => {
  test.each([
    ['20.19.0', 'ok'],
    ['22.1.0', 'ok'],
    ['20.18.3', 'fail'],
    ['18.20.0', 'fail'],
  ])('%s is %s', (version, level) => {
    expect(checkNode(version).level).toBe(level);
  });
});

describe('the environment', () => {
  const check = (env: Record<string, string>, exporters = ['otlp']) =>
    checkEnvironment(env, exporters, ['HERMES_OTEL_STRICT']);

  const ODD: readonly (readonly [string, Record<string, string>, readonly string[], RegExp])[] = [
    ['is switched off', { HERMES_OTEL_ENABLED: 'False' }, ['otlp'], /^fail .*HERMES_OTEL_ENABLED is false/],
    [
      'names a receiver, but the console is where it goes',
      { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://h:4318' },
      ['console'],
      /^warn .*nothing is sent there/,
    ],
    [
      'doubles the path',
      { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://h:4318/v1/traces' },
      ['otlp'],
      /^fail .*added to it a second time/,
    ],
    [
      "forgets a signal's path",
      { OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'http://h:4318', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://h:4318' },
      ['otlp'],
      /^warn .*METRICS_ENDPOINT has no path/,
    ],
    [
      'sets the service name twice',
      { OTEL_SERVICE_NAME: 'a', OTEL_RESOURCE_ATTRIBUTES: 'x=1,service.name=b' },
      ['otlp'],
      /^warn .*OTEL_SERVICE_NAME takes precedence/,
    ],
    ['sends content', { HERMES_OTEL_CAPTURE_CONTENT: 'yes' }, ['otlp'], /^warn .*are sent/],
    [
      'has an endpoint for one signal only',
      { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://h:4318/v1/traces' },
      ['otlp'],
      /^warn .*Only traces have an endpoint; metrics go to this machine/,
    ],
    [
      'sets HTTP for a gRPC exporter',
      { OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' },
      ['otlp_grpc'],
      /^warn .*the exporter is otlp_grpc, which takes/,
    ],
    [
      'has two tokens',
      { HERMES_OTEL_TOKEN: 'a', OTEL_EXPORTER_OTLP_HEADERS: 'x=1,token=b' },
      ['otlp'],
      /^warn .*set twice/,
    ],
    [
      'gives seconds instead of milliseconds',
      { OTEL_EXPORTER_OTLP_TIMEOUT: '10' },
      ['otlp'],
      /^warn .*is 10 ms/,
    ],
    ['addresses an SDK', { OTEL_SDK_DISABLED: 'true' }, ['otlp'], /^warn .*OTEL_SDK_DISABLED has no effect/],
    [
      'is misspelt',
      { HERMES_OTEL_EXPORTR: 'otlp' },
      ['otlp'],
      /^warn .*HERMES_OTEL_EXPORTR is not a variable/,
    ],
  ];
  test.each(ODD)('%s', (_name, env, exporters, expected) => {
    expect(odd(check(env, [...exporters]))).toEqual([expect.stringMatching(expected)]);
  });

  test.each(['HTTPS_PROXY', 'https_proxy'])('has a proxy by %s, which is used', (name) => {
    const texts = check({ [name]: 'http://user:pw@proxy' }, ['otlp']).map((finding) =>
      JSON.stringify(finding),
    );
    expect(texts.filter((text) => /through the proxy/.test(text)).length).toBe(1);
    expect(texts.join('')).not.toContain('pw');
  });

  test('is in order with variables that are known', () => {
    expect(odd(check({ HERMES_OTEL_STRICT: '1', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://h:4318' }))).toEqual([]);
  });

  test('never shows a secret', () => {
    const findings = check({
      HERMES_OTEL_TOKEN: 'hush-1',
      OTEL_EXPORTER_OTLP_HEADERS: 'authorization=hush-2',
      OTEL_EXPORTER_OTLP_TRACES_HEADERS: 'x=hush-3',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'https://hush-4:hush-5@h:4318/a?key=hush-6#hush-7',
      OTEL_RESOURCE_ATTRIBUTES: 'token=hush-8',
      HTTP_PROXY: 'http://hush-9@p',
    });
    expect(JSON.stringify(findings)).not.toContain('hush');
    expect(findings[0]?.found).toContain('OTEL_EXPORTER_OTLP_ENDPOINT=https://h:4318/a');
  });
});

describe('Hermes and its recorder', () => {
  const GOOD: HermesFacts = {
    version: 'Hermes Agent v0.19.0',
    home: '/h',
    homeExists: true,
    pluginInstalled: true,
    pluginEnabled: true,
    pluginDisabled: false,
    shellHooks: 0,
    unapprovedHooks: 0,
    configProblem: undefined,
  };
  const ODD: readonly (readonly [string, Partial<HermesFacts>, readonly RegExp[]])[] = [
    ['in order', {}, []],
    ['in order with shell hooks', { pluginInstalled: false, pluginEnabled: false, shellHooks: 19 }, []],
    ['not here', { version: undefined, homeExists: false }, [/^warn Hermes: There is no command/]],
    ['without a home', { homeExists: false }, [/^warn Hermes: .*no home/]],
    ['without a recorder', { pluginInstalled: false, pluginEnabled: false }, [/^warn Recorder: No recorder/]],
    ['with a plugin that is not loaded', { pluginEnabled: false }, [/^fail Recorder: .*does not load it/]],
    [
      'with a plugin that is listed and missing',
      { pluginInstalled: false },
      [/^fail Recorder: .*are missing/],
    ],
    ['with a plugin that is disabled', { pluginDisabled: true }, [/^fail Recorder: .*plugins.disabled/]],
    [
      'with hooks that nobody has agreed to',
      { pluginInstalled: false, pluginEnabled: false, shellHooks: 19, unapprovedHooks: 2 },
      [/^warn Recorder: .*no consent for 2 of 19/],
    ],
    ['recording twice', { shellHooks: 3 }, [/^warn Recorder: .*written twice/]],
    [
      'with a broken config.yaml',
      { configProblem: 'line 3 is not valid YAML' },
      [/^fail Recorder: .*line 3/],
    ],
  ];
  test.each(ODD)('%s', (_name, facts, expected) => {
    const found = odd(checkHermes({ ...GOOD, ...facts }));
    expect(found).toEqual(expected.map((pattern) => expect.stringMatching(pattern)));
  });
});

describe('a log', () => {
  const NOW = epochMicros(1_795_000_000_000_000);
  const GOOD: LogFacts = {
    name: 'a.ndjson',
    lines: 20,
    events: 20,
    lost: 0,
    firstLost: undefined,
    lastEvent: epochMicros(NOW - 60_000_000),
    sessions: 1,
    turns: 2,
    apiCalls: 3,
    answeredCalls: 3,
    callsWithUsage: 3,
    toolCalls: 4,
    orphans: 0,
    incomplete: 0,
  };
  const ODD: readonly (readonly [string, Partial<LogFacts>, readonly RegExp[]])[] = [
    ['in order', {}, []],
    ['empty', { lines: 0, events: 0 }, [/^fail Log: a.ndjson is empty/]],
    ['of something else', { lines: 9, events: 0 }, [/^fail Log: .*none of them an event/]],
    [
      'with lost lines',
      { lost: 2, firstLost: 'line 7: not JSON' },
      [/^warn Log: .*2 lines lost \(line 7: not JSON\)/],
    ],
    ['of long ago', { lastEvent: epochMicros(NOW - 3 * 86_400_000_000) }, [/^warn Freshness: .*3 days old/]],
    ['of tomorrow', { lastEvent: epochMicros(NOW + 86_400_000_000) }, [/^warn Freshness: .*in the future/]],
    ['torn in two', { orphans: 5 }, [/^fail Tree: 5 spans/]],
    ['cut off', { incomplete: 1 }, [/^warn Tree: .*1 span without an end/]],
    ['without tools', { toolCalls: 0 }, [/^warn Metrics: The log has no tool calls/]],
    ['without usage', { callsWithUsage: 1 }, [/^warn Tokens: 2 of 3/]],
  ];
  test.each(ODD)('%s', (_name, facts, expected) => {
    const found = odd(checkLog({ ...GOOD, ...facts }, NOW));
    expect(found).toEqual(expected.map((pattern) => expect.stringMatching(pattern)));
  });
});

describe('the clock', () => {
  const NOW = Date.UTC(2026, 10, 23, 12);
  test.each([
    ['the same', new Date(NOW - 2_000).toUTCString(), 'ok'],
    ['an hour apart', new Date(NOW + 3_600_000).toUTCString(), 'warn'],
    ['unknown', undefined, undefined],
    ['no date', 'yesterday', undefined],
  ])('%s', (_name, date, level) => {
    expect(checkClock(date, NOW)?.level).toBe(level);
  });
});

describe('a sentence of the export stage', () => {
  test.each([
    ['a is b: check c', ['a is b.', 'Check c.']],
    ['a is b; is it c, and d?', ['a is b.', 'Is it c, and d?']],
    ['a answered 503', ['a answered 503.', 'Check the log of the receiver.']],
  ])('%s', (sentence, parts) => {
    expect(splitSentence(sentence)).toEqual(parts);
  });

  const MEND = 'Correct the flag or variable named above.';
  test.each([
    ['a is grpc: use -e otlp_grpc', ['a is grpc.', 'Use -e otlp_grpc.']],
    ['a needs b: npm install b@1', ['a needs b.', 'Run `npm install b@1`.']],
    [
      'a names b, which cannot be read: no such file',
      ['a names b, which cannot be read: no such file.', MEND],
    ],
    ['a must be http://b:1', ['a must be http://b:1.', MEND]],
  ])('of a flag or a variable: %s', (sentence, parts) => {
    expect(splitOptionProblem(sentence)).toEqual(parts);
  });
});

describe('another program than an OTLP receiver', () => {
  test.each([
    [
      16686,
      'http',
      "Check the port (16686 is usually Jaeger's page; OTLP over HTTP is usually on port 4318)",
    ],
    [
      16685,
      'grpc',
      "Check the port (16685 is usually Jaeger's query API; OTLP over gRPC is usually on port 4317)",
    ],
    [9999, 'http', 'Check the port (OTLP over HTTP is usually on port 4318)'],
    [443, 'http', 'Check the address'],
  ] as const)('on port %d', (port, protocol, advice) => {
    expect(portAdvice(port, protocol)).toBe(advice);
  });
});
