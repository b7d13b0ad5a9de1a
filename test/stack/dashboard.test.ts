import { describe, expect, test } from '@jest/globals';
import { hermesDashboard } from '../../scripts/dashboard/dashboard.ts';
import { expectGolden } from '../golden-file.ts';

const file = new URL('../../docs/stack/grafana/dashboards/hermes-agent-observability.json', import.meta.url);

describe('the dashboard', () => {
  test('is the committed file, byte for byte', () => {
    expectGolden(file, `${JSON.stringify(hermesDashboard(), null, 2)}\n`);
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
