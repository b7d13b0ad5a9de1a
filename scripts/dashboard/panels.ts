import {
  BigValueColorMode,
  BigValueGraphMode,
  GraphDrawStyle,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  StackingConfigBuilder,
  StackingMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as TimeseriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries';

/** The panel shapes this dashboard is made of; which panels there are stands in `dashboard.ts`. */

export const DATASOURCE = { type: 'prometheus', uid: '${datasource}' };

/** One query of a panel; its label is Grafana's legend format. */
export interface Query {
  readonly label: string;
  readonly expr: string;
}

interface PanelText {
  readonly title: string;
  readonly description: string;
  /** Grafana's unit id: `s`, `short`. */
  readonly unit: string;
}

const REF_IDS = 'ABCDEF';

function target({ label, expr }: Query, index: number): DataqueryBuilder {
  return new DataqueryBuilder()
    .refId(REF_IDS.charAt(index))
    .expr(expr)
    .legendFormat(label)
    .datasource(DATASOURCE);
}

/** A number, a quarter of the width. */
export function stat({ title, description, unit }: PanelText, ...queries: readonly Query[]): StatBuilder {
  const panel = new StatBuilder()
    .title(title)
    .description(description)
    .datasource(DATASOURCE)
    .unit(unit)
    .height(4)
    .span(6)
    .colorMode(BigValueColorMode.Value)
    .graphMode(BigValueGraphMode.None)
    .noValue('–')
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']));
  return queries.reduce((built, query, index) => built.withTarget(target(query, index).instant()), panel);
}

/** Lines, half the width. */
export function lines(
  { title, description, unit }: PanelText,
  ...queries: readonly Query[]
): TimeseriesBuilder {
  const panel = new TimeseriesBuilder()
    .title(title)
    .description(description)
    .datasource(DATASOURCE)
    .unit(unit)
    .min(0)
    .height(8)
    .span(12)
    .lineWidth(2)
    .showPoints(VisibilityMode.Auto)
    .spanNulls(false)
    .legend(
      new VizLegendOptionsBuilder()
        .displayMode(LegendDisplayMode.Table)
        .placement(LegendPlacement.Bottom)
        .showLegend(true)
        .calcs(['lastNotNull']),
    );
  return queries.reduce((built, query, index) => built.withTarget(target(query, index).range()), panel);
}

/** Stacked bars, one per step: together they are everything that was counted in the range. */
export function bars(text: PanelText, ...queries: readonly Query[]): TimeseriesBuilder {
  return lines(text, ...queries)
    .drawStyle(GraphDrawStyle.Bars)
    .fillOpacity(80)
    .lineWidth(0)
    .showPoints(VisibilityMode.Never)
    .stacking(new StackingConfigBuilder().mode(StackingMode.Normal))
    .legend(
      new VizLegendOptionsBuilder()
        .displayMode(LegendDisplayMode.Table)
        .placement(LegendPlacement.Bottom)
        .showLegend(true)
        .calcs(['sum']),
    );
}
