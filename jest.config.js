import { availableParallelism } from 'node:os';

const SECOND = 1000;
const MINUTE = 60 * SECOND;

/** `npm test` runs `fast` alone. The other projects have npm scripts of their own, which run one file at a time. */
export default {
  // More than there are cores: the fast suites wait for child processes about as often as they compute.
  maxWorkers: Math.ceil(1.5 * availableParallelism()),
  projects: [
    // No test asserts a duration. The limit only has to be out of reach of a busy machine.
    project('fast', '**/*.test.ts', 60 * SECOND, ['<rootDir>/test/slow/']),
    project('browser', 'browser/*.browser.ts', 2 * MINUTE),
    // Real receivers, built or downloaded on first use.
    project('e2e', 'e2e/*.e2e.ts', 2 * MINUTE),
    // Released versions of Hermes with a scripted model. Needs Python and pip.
    project('hermes', 'hermes/*.hermes.ts', 5 * MINUTE),
    project('slow', 'slow/**/*.test.ts', 60 * MINUTE),
  ],
};

function project(displayName, files, testTimeout, ignored = []) {
  return {
    displayName,
    testMatch: [`<rootDir>/test/${files}`],
    testTimeout,
    testPathIgnorePatterns: ['/node_modules/', ...ignored],
    extensionsToTreatAsEsm: ['.ts'],
    transform: { '\\.ts$': ['@swc/jest', { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' } }] },
  };
}
