import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { hermesDashboard } from '../../scripts/dashboard/dashboard.ts';

const file = fileURLToPath(
  new URL('../../docs/stack/grafana/dashboards/hermes-agent-observability.json', import.meta.url),
);
const generated = `${JSON.stringify(hermesDashboard(), null, 2)}\n`;

describe('the dashboard', () => {
  test('is the committed file, byte for byte', async () => {
    if (process.env.UPDATE_GOLDEN !== undefined) {
      await writeFile(file, generated);
      throw new Error('The dashboard was written anew: read the difference, then run without UPDATE_GOLDEN.');
    }
    expect(await readFile(file, 'utf8')).toBe(generated);
  });

  test('has the rows and the 13 panels of the manual', () => {
    const titles = (hermesDashboard().panels ?? []).map(({ type, title }) =>
      type === 'row' ? `# ${title}` : `${type}: ${title}`,
    );
    expect(titles).toEqual([
      '# Overview',
      'stat: Total turns',
      'stat: API and tool calls per turn',
      'stat: Mean turn time',
      'stat: Mean API latency',
      '# LLM API',
      'timeseries: API latency',
      'timeseries: Mean API latency by model',
      '# Tokens',
      'timeseries: Input and output tokens',
      'timeseries: Mean tokens per call',
      '# Tools',
      'timeseries: Mean time by tool',
      'timeseries: Calls by tool',
      '# Turns',
      'timeseries: Turn time',
      'timeseries: Calls per turn',
      '# Traces',
      'text: Traces in Jaeger',
    ]);
    expect(titles.filter((title) => !title.startsWith('#'))).toHaveLength(13);
  });
});
