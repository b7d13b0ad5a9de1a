import { type Finding, fail, ok } from './finding.ts';

/** `engines` of the package. */
const LEAST = [20, 19] as const;

/** @param version as `process.versions.node` has it */
export function checkNode(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const enough = major > LEAST[0] || (major === LEAST[0] && minor >= LEAST[1]);
  if (enough) return ok('Node.js', version);
  return fail('Node.js', `${version} is older than ${LEAST.join('.')}.`, 'Install Node.js 20.19 or newer.');
}
