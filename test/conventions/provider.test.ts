import { describe, expect, test } from '@jest/globals';
import { providerOf, serverOf } from '../../src/conventions/provider.ts';

test.each([
  ['https://api.anthropic.com', 'api.anthropic.com', 443],
  ['http://127.0.0.1:18080/v1', '127.0.0.1', 18080],
  ['http://localhost/v1/', 'localhost', 80],
  ['https://user:secret@proxy.example:8443/v1?key=secret#secret', 'proxy.example', 8443],
  ['http://[::1]:8080/v1', '::1', 8080],
  ['localhost:11434/v1', 'localhost', 11434],
  ['HTTPS://API.Example.COM/V1', 'api.example.com', 443],
  ['wss://stream.example', 'stream.example', undefined],
  ['', undefined, undefined],
  ['not a url', undefined, undefined],
  ['http://', undefined, undefined],
  ['file:///etc/passwd', undefined, undefined],
])('%s', (baseUrl, address, port) => {
  expect(serverOf(baseUrl)).toMatchObject({ address, port });
});

describe('the provider of a call is', () => {
  test.each<[string, Parameters<typeof providerOf>[0], string | undefined]>([
    ["Hermes's word", { provider: 'anthropic' }, 'anthropic'],
    ["the semantic conventions' word for it", { provider: 'kimi-coding' }, 'moonshot_ai'],
    ['a word that only Hermes has', { provider: 'nous', baseUrl: 'https://api.openai.com' }, 'nous'],
    ['the host, when Hermes has no word', { baseUrl: 'https://api.anthropic.com' }, 'anthropic'],
    ['the end of the host', { baseUrl: 'https://bedrock-runtime.eu-west-1.amazonaws.com' }, 'aws.bedrock'],
    ['the longest end', { baseUrl: 'https://me.openai.azure.com/v1' }, 'azure.ai.openai'],
    ['a known host, for a custom endpoint', { provider: 'custom', baseUrl: 'https://api.x.ai/v1' }, 'x_ai'],
    [
      'the API mode, for an unknown host',
      { baseUrl: 'http://localhost/v1', apiMode: 'chat_completions' },
      'openai',
    ],
    ['not the host of another domain', { baseUrl: 'https://notopenai.com' }, undefined],
    [
      'custom, when nothing else is known',
      { provider: 'custom', baseUrl: 'http://localhost:1234' },
      'custom',
    ],
    ['unknown, when nothing is known', {}, undefined],
  ])('%s', (_claim, endpoint, provider) => {
    expect(providerOf(endpoint)).toBe(provider);
  });
});
