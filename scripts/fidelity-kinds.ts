/** The second table of docs/fidelity.md: the kinds of fault in logs that people really have, and the logs that show each. */
import { readFileSync } from 'node:fs';
import { markdownTable } from 'markdown-table';

const CATALOGUE = new URL('../fixtures/catalogue/', import.meta.url);

/** What is right, and the logs of `fixtures/catalogue` that show it. Kinds without a log are shown by tests alone. */
const KINDS: readonly (readonly [claim: string, ...logs: string[]])[] = [
  ['turns with an id are closed by their own hooks only', 'turns/stop-then-new-message'],
  [
    'no two spans share an id',
    'ids/parallel-tools-at-one-time',
    'ids/tools-in-one-second',
    'ids/turns-in-one-second',
    'ids/sub-agents-that-stop-at-one-time',
  ],
  [
    'reviews are distinguished from the turns of the user',
    'reviews/in-the-session-without-turn-ids',
    'reviews/api-and-tool-hooks-only',
    'reviews/resumed-one-shot-is-none',
  ],
  ['a sub-agent is one span', 'subagents/session-that-rotates'],
  [
    'tokens and times are counted once and never invented',
    'tokens/mixture-of-agents',
    'tokens/auxiliary-call-outside-turns',
    'tokens/usage-that-was-not-reported',
    'tokens/names-of-the-provider',
  ],
  ['pairing before 0.16', 'tools/converted-arguments', 'tools/one-id-for-all-calls'],
  [
    'recorded twice means equal in every field but the time',
    'turns/retry-at-once',
    'approvals/two-at-once',
    'approvals/of-two-sessions',
  ],
  ['a falsy error is no error', 'tools/falsy-error-in-result'],
  ['logs with only a few hooks', 'turns/only-post-hooks'],
  ['local times without a zone', 'times/local-time-without-zone'],
  [
    'physical forms',
    'forms/bodies-without-line-ends',
    'forms/indented-by-jq',
    'forms/json-array',
    'forms/fields-one-level-down',
    'forms/nan-in-tool-arguments',
  ],
  [
    'log formats of Hermes’s own pages',
    'forms/observer-log-of-the-plugin-guide',
    'forms/activity-log-of-the-gateway',
  ],
  ['facts that receivers need are kept', 'facts/profiles-of-one-gateway', 'facts/cost-of-the-provider'],
  ['what is said is true', 'facts/fields-since-0.20'],
  ['a session id is not guessed from a turn id', 'sessions/colons-in-the-session-id'],
  ['foreign statuses are taken for what they say'],
  [
    'a session that is finalized while a turn runs waits for it',
    'gateway: `irc-stop-new`, `mixed-processes`',
  ],
  ['an id that a client chose drops no log', 'gateway: `api-chosen-ids`'],
  ['only what happens inside a turn makes it longer', 'gateway: `kill9-gateway-tool`, `irc-fatal-expiry`'],
  ['what a session span says is true at its end', 'gateway: `restart-sigterm-api`'],
];

interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly attributes: readonly { readonly key: string }[];
}

/** One row for each kind. */
export function kindsTable(): string {
  const rows = KINDS.map(([claim, ...logs], index) => [String(index + 1), claim, ...shownBy(logs)]);
  return markdownTable([['kind', 'what is right', 'shown by', 'spans', 'ids', 'incomplete'], ...rows], {
    align: ['r', 'l', 'l', 'r', 'r', 'r'],
  });
}

function shownBy(logs: readonly string[]): string[] {
  const inputs = logs.filter((log) => !log.startsWith('gateway'));
  if (inputs.length === 0) return [logs[0] ?? 'tests of parse', '', '', ''];
  const spans = inputs.flatMap((log) => spansOf(log));
  const ids = new Set(spans.map(({ traceId, spanId }) => `${traceId}${spanId}`));
  const incomplete = spans.filter(({ attributes }) =>
    attributes.some(({ key }) => key === 'hermes.incomplete'),
  );
  const links = inputs.map((log) => `[${log}](../fixtures/catalogue/${log}/expected.tree.txt)`);
  return [links.join(', '), String(spans.length), String(ids.size), String(incomplete.length)];
}

/** The spans that a replay of the log sends, as its golden file has them. */
function spansOf(log: string): Span[] {
  const requests: { resourceSpans: { scopeSpans: { spans: Span[] }[] }[] }[] = JSON.parse(
    readFileSync(new URL(`${log}/expected.otlp.json`, CATALOGUE), 'utf8'),
  );
  return requests.flatMap(({ resourceSpans }) =>
    resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans)),
  );
}
