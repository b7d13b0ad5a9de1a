import { expect, test } from '@jest/globals';
import { serverOf } from '../../src/conventions/provider.ts';

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
  expect(serverOf(baseUrl)).toEqual({ address, port });
});
