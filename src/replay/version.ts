import { createRequire } from 'node:module';

/** The version of this package, as its `package.json` says. */
export function packageVersion(): string {
  const read: { readonly version: string } = createRequire(import.meta.url)('../../package.json');
  return read.version;
}
