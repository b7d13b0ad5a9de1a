import {
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  DatasourceVariableBuilder,
  IntervalVariableBuilder,
  RowBuilder,
  TextBoxVariableBuilder,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { PanelBuilder as TextBuilder, TextMode } from '@grafana/grafana-foundation-sdk/text';
import { bars, lines, stat } from './panels.ts';
import {
  growthPerStep,
  LABEL,
  lastSeen,
  lastSeenMean,
  METRIC,
  windowMean,
  windowQuantile,
} from './queries.ts';

/**
 * "Hermes Agent Observability": the 13 panels of the plug-in's manual. The file under `docs/stack/` is this value as JSON.
 */
export function hermesDashboard(): Dashboard {
  const rows = [overview, llmApi, tokens, tools, turns, traces];
  const board = rows.reduce((built, row) => row(built), frame()).build();
  // Numbered, so that a link to one panel stays good.
  return { ...board, panels: (board.panels ?? []).map((panel, index) => ({ ...panel, id: index + 1 })) };
}

function frame(): DashboardBuilder {
  return new DashboardBuilder('Hermes Agent Observability')
    .uid('hermes-agent-observability')
    .description(
      'Turns, API calls, tokens and tools of the Hermes agent: live, or replayed from a log by hermes-otel.',
    )
    .tags(['hermes', 'opentelemetry'])
    .time({ from: 'now-1h', to: 'now' })
    .refresh('30s')
    .tooltip(DashboardCursorSync.Crosshair)
    .withVariable(new DatasourceVariableBuilder('datasource').label('Data source').type('prometheus'))
    .withVariable(
      new IntervalVariableBuilder('window')
        .label('Window of the lines')
        .values('5m,15m,1h,6h,1d')
        .current({ text: '1h', value: '1h', selected: true }),
    )
    .withVariable(
      new TextBoxVariableBuilder('jaeger').label('Jaeger').defaultValue('http://localhost:16686'),
    );
}

function overview(board: DashboardBuilder): DashboardBuilder {
  return board
    .withRow(new RowBuilder('Overview'))
    .withPanel(
      stat(
        {
          title: 'Total turns',
          description: 'Turns counted by every agent or replay seen in the time range.',
          unit: 'short',
        },
        { label: 'turns', expr: lastSeen(METRIC.turns) },
      ),
    )
    .withPanel(
      stat(
        { title: 'API and tool calls per turn', description: 'Mean per turn.', unit: 'short' },
        { label: 'API calls', expr: lastSeenMean(METRIC.apiCallsPerTurn) },
        { label: 'tool calls', expr: lastSeenMean(METRIC.toolCallsPerTurn) },
      ).decimals(1),
    )
    .withPanel(
      stat(
        { title: 'Mean turn time', description: 'From the user message to the reply.', unit: 's' },
        { label: 'mean', expr: lastSeenMean(METRIC.turnSeconds) },
      ),
    )
    .withPanel(
      stat(
        { title: 'Mean API latency', description: 'Of one LLM API call.', unit: 's' },
        { label: 'mean', expr: lastSeenMean(METRIC.apiSeconds) },
      ),
    );
}

function llmApi(board: DashboardBuilder): DashboardBuilder {
  return board
    .withRow(new RowBuilder('LLM API'))
    .withPanel(
      lines(
        { title: 'API latency', description: 'Of the calls in the window before each point.', unit: 's' },
        ...quantiles(METRIC.apiSeconds),
      ),
    )
    .withPanel(
      lines(
        { title: 'Mean API latency by model', description: 'Of the calls in the window.', unit: 's' },
        { label: `{{${LABEL.model}}}`, expr: windowMean(METRIC.apiSeconds, LABEL.model) },
      ),
    );
}

function tokens(board: DashboardBuilder): DashboardBuilder {
  return board
    .withRow(new RowBuilder('Tokens'))
    .withPanel(
      bars(
        { title: 'Input and output tokens', description: 'Tokens counted in each step.', unit: 'short' },
        { label: `{{${LABEL.tokenType}}}`, expr: growthPerStep(`${METRIC.tokens}_sum`, LABEL.tokenType) },
      ),
    )
    .withPanel(
      lines(
        { title: 'Mean tokens per call', description: 'Of the calls in the window.', unit: 'short' },
        { label: `{{${LABEL.tokenType}}}`, expr: windowMean(METRIC.tokens, LABEL.tokenType) },
      ),
    );
}

function tools(board: DashboardBuilder): DashboardBuilder {
  return board
    .withRow(new RowBuilder('Tools'))
    .withPanel(
      lines(
        { title: 'Mean time by tool', description: 'Of the calls in the window.', unit: 's' },
        { label: `{{${LABEL.tool}}}`, expr: windowMean(METRIC.toolSeconds, LABEL.tool) },
      ),
    )
    .withPanel(
      bars(
        { title: 'Calls by tool', description: 'Calls counted in each step.', unit: 'short' },
        { label: `{{${LABEL.tool}}}`, expr: growthPerStep(`${METRIC.toolSeconds}_count`, LABEL.tool) },
      ),
    );
}

function turns(board: DashboardBuilder): DashboardBuilder {
  return board
    .withRow(new RowBuilder('Turns'))
    .withPanel(
      lines(
        { title: 'Turn time', description: 'Of the turns in the window before each point.', unit: 's' },
        ...quantiles(METRIC.turnSeconds),
      ),
    )
    .withPanel(
      lines(
        { title: 'Calls per turn', description: 'Mean of the turns in the window.', unit: 'short' },
        { label: 'API calls', expr: windowMean(METRIC.apiCallsPerTurn) },
        { label: 'tool calls', expr: windowMean(METRIC.toolCallsPerTurn) },
      ),
    );
}

function traces(board: DashboardBuilder): DashboardBuilder {
  // Jaeger's search page looks back two days at most unless it is given both ends, in microseconds.
  const search = '${jaeger}/search?service=hermes-agent&limit=100&lookback=custom';
  return board.withRow(new RowBuilder('Traces')).withPanel(
    new TextBuilder()
      .title('Traces in Jaeger')
      .height(5)
      .span(24)
      .mode(TextMode.Markdown)
      .content(
        [
          `- [Traces of this time range](${search}&start=\${__from}000&end=\${__to}000)`,
          `- [Traces of all times](${search}&start=0&end=4102444800000000): a replayed log keeps the times when things happened, so its traces are as old as the log.`,
          '- A trace whose id you know: `${jaeger}/trace/` and the id, however old it is.',
        ].join('\n'),
      ),
  );
}

function quantiles(histogram: string): readonly { readonly label: string; readonly expr: string }[] {
  return [
    { label: 'P50', expr: windowQuantile(histogram, 0.5) },
    { label: 'P95', expr: windowQuantile(histogram, 0.95) },
    { label: 'P99', expr: windowQuantile(histogram, 0.99) },
  ];
}
