import base from './jest.config.js';

// Minutes long, and needs the built program.
export default {
  ...base,
  testMatch: ['<rootDir>/test/slow/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  maxWorkers: 1,
  testTimeout: 600_000,
};
