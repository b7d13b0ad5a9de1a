import base from './jest.config.js';

// One file at a time: the measurements want the machine to themselves.
export default {
  ...base,
  testMatch: ['<rootDir>/test/browser/*.browser.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  maxWorkers: 1,
  testTimeout: 120_000,
};
