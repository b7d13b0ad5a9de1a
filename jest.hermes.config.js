/** Genuine Hermes releases, installed on first use and driven by a scripted model: slow, and wants Python and pip. */
import config from './jest.config.js';

export default {
  ...config,
  testMatch: ['<rootDir>/test/hermes/*.hermes.ts'],
  maxWorkers: 1,
  testTimeout: 300_000,
};
