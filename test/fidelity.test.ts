import { test } from '@jest/globals';
import { fidelityPage } from '../scripts/fidelity.ts';
import { expectGolden } from './golden-file.ts';

// `npm run fidelity` writes the page, and fails so that somebody looks at it.
test('docs/fidelity.md is what the recordings give today', () => {
  expectGolden(new URL('../docs/fidelity.md', import.meta.url), fidelityPage());
});
