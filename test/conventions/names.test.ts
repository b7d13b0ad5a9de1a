import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import * as semanticConventions from '@opentelemetry/semantic-conventions/incubating';

const SOURCE = new URL('../../src/conventions/', import.meta.url);

/** Every string in the code that has the form of an attribute's or a metric's name. */
function namesIn(file: string): readonly string[] {
  const text = readFileSync(new URL(file, SOURCE), 'utf8');
  const code = text.split('\n').filter((line) => !/^(import|export \{)|^\s*(\*|\/\/|\/\*)/.test(line));
  return [...code.join('\n').matchAll(/'([a-z_]+(?:\.[a-z_]+)+)'/g)].map(([, name = '']) => name);
}

// What only one receiver reads is in receivers.ts.
const files = readdirSync(SOURCE).filter((file) => file !== 'receivers.ts');
/** Span names, and names of things that are no attributes. */
const SPAN_NAMES = new Set(['hermes.session', 'hermes.turn', 'hermes.approval', 'hermes.subagent']);
const PROVIDERS = new Set(namesIn('provider.ts'));
const names = [...new Set(files.flatMap(namesIn))].filter(
  (name) => !SPAN_NAMES.has(name) && !PROVIDERS.has(name),
);
const published: ReadonlySet<unknown> = new Set(Object.values(semanticConventions));

test('the code has names to look at', () => {
  expect(names).toContain('gen_ai.usage.input_tokens');
  expect(names).toContain('hermes.turn.tool_outcomes');
  expect(names.length).toBeGreaterThan(100);
});

describe('names in the namespaces of OpenTelemetry are the published ones', () => {
  const unpublished = new Set([
    // Read by SigNoz, Langfuse and Logfire; the standard has no name for money yet.
    'gen_ai.usage.cost',
    // Of the conventions' new repository, and written by opentelemetry-util-genai 1.3.
    'gen_ai.conversation.compacted',
    'gen_ai.request.reasoning.level',
    'gen_ai.usage.cache_write.input_tokens',
    'gen_ai.invoke_agent.duration',
    'gen_ai.execute_tool.duration',
    ...names.filter((name) => /^gen_ai\.(client\.inference|invoke_agent)\./.test(name)),
  ]);
  const borrowed = names.filter(
    (name) => /^(gen_ai|server|http|error|exception|session)\./.test(name) && !unpublished.has(name),
  );
  test.each(borrowed)('%s', (name) => {
    expect(published).toContain(name);
  });
});

test('providers are called what the semantic conventions call them', () => {
  const known = Object.entries(semanticConventions)
    .filter(([constant]) => constant.startsWith('GEN_AI_PROVIDER_NAME_VALUE_'))
    .map(([, value]) => value);
  const text = readFileSync(new URL('provider.ts', SOURCE), 'utf8');
  const dotted = [...text.matchAll(/, '([a-z_]+\.[a-z_.]+)'\]/g)].map(([, name]) => name);
  expect(dotted.length).toBeGreaterThan(5);
  for (const name of dotted) expect(known).toContain(name);
});
