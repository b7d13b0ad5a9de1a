import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

export const RECORDINGS = 'fixtures/recordings';

/** The logs of all scenarios of a Hermes version, as one of the recorders wrote them: `flat.ndjson` or `shell.ndjson`. */
export function logsOf(version: string, file: string): readonly string[] {
  return readdirSync(join(RECORDINGS, version))
    .map((scenario) => join(RECORDINGS, version, scenario, file))
    .filter((path) => existsSync(path));
}

/** All of them: what they are, and the logs. */
export const ALL_LOGS = ['0.14.0', '0.16.0', '0.19.0'].flatMap((version) => [
  [`${version}, as a plugin wrote it`, logsOf(version, 'flat.ndjson')] as const,
  [`${version}, as a shell hook wrote it`, logsOf(version, 'shell.ndjson')] as const,
]);
