import { availableParallelism } from 'node:os';

/** `npm test` runs `fast` alone. The other projects have npm scripts of their own, which run one file at a time. */
export default {
  // More than there are cores: the fast suites wait for child processes about as long as they compute.
  maxWorkers: 2 * availableParallelism(),
  // No test asserts a duration: this only has to be out of reach of a busy machine. Jest ignores it in a project; the slower
  // projects have `--testTimeout` in their scripts.
  testTimeout: 60_000,
  projects: [
    project('fast', '**/*.test.ts', ['<rootDir>/test/slow/']),
    project('browser', 'browser/*.browser.ts'),
    // Real receivers, built or downloaded on first use.
    project('e2e', 'e2e/*.e2e.ts'),
    // What a consumer takes, with the receivers of e2e.
    project('bench', 'e2e/*.bench.ts'),
    // Released versions of Hermes with a scripted model. Needs Python and pip.
    project('hermes', 'hermes/*.hermes.ts'),
    project('slow', 'slow/**/*.test.ts'),
  ],
};

function project(displayName, files, ignored = []) {
  return {
    displayName,
    testMatch: [`<rootDir>/test/${files}`],
    testEnvironment: '<rootDir>/test/environment.js',
    testPathIgnorePatterns: ['/node_modules/', ...ignored],
    extensionsToTreatAsEsm: ['.ts'],
    transform: { '\\.ts$': ['@swc/jest', { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' } }] },
  };
}
