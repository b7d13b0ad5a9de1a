import base from './jest.config.js';

// One file at a time: the receivers share two cores and the builds must not run side by side.
export default {
  ...base,
  testMatch: ['<rootDir>/test/e2e/*.e2e.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  maxWorkers: 1,
  testTimeout: 120_000,
  reporters: ['default', 'summary', '<rootDir>/test/e2e/receiver-reporter.js'],
};
