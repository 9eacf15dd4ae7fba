import { type Dashboard as Name, uidOf } from './rules.ts';

/** One query of a panel; `{{label}}` in the legend stands for the label's value. */
export interface Query {
  readonly expr: string;
  readonly legend: string;
  /** Shows the traces of single requests as points. */
  readonly exemplars?: boolean;
}

export type Unit = 's' | 'bytes' | 'short' | 'reqps' | 'ops' | 'percentunit' | 'dateTimeFromNow' | 'none' | 'cps';

export interface Panel {
  readonly title: string;
  readonly description: string;
  readonly unit: Unit;
  readonly queries: readonly Query[];
  /** A line over time by default. */
  readonly as?: 'timeseries' | 'stat' | 'table' | 'bargauge';
  /** Width, of 24 columns. */
  readonly width?: number;
  /** Values from which the panel is yellow and red; with `lowIsBad`, values below which. */
  readonly limits?: readonly [yellow: number, red: number];
  readonly lowIsBad?: boolean;
  readonly stacked?: boolean;
  /** Alerts whose runbooks explain what to do about this panel. */
  readonly alerts?: readonly string[];
  /** Runbooks that belong to no alert, by file name. */
  readonly runbooks?: readonly string[];
  /** TraceQL for this panel's traces, where the dashboard's query is too wide. */
  readonly traces?: string;
}

export interface Dashboard {
  readonly name: Name;
  readonly title: string;
  readonly description: string;
  /** TraceQL for the traces of its panels. */
  readonly traces: string;
  readonly rows: readonly { readonly title: string; readonly panels: readonly Panel[] }[];
}

const DATASOURCE = { type: 'prometheus', uid: '$' + '{datasource}' };
const HEIGHT = 8;
const STAT_HEIGHT = 5;

/** The dashboard's variables as matchers, for every query. */
const SELECTED = 'namespace=~"$namespace",job=~"$service",pod=~"$pod"';

/** A metric of the selected services: `m('http_server_active_requests', 'x="y"')`. */
export const m = (metric: string, ...matchers: string[]): string => `${metric}{${[SELECTED, ...matchers].join(',')}}`;

/** A dashboard's path in the chart. */
export const dashboardFile = (name: Name): URL =>
  new URL(`../../charts/stripe-connector/files/dashboards/${name}.json`, import.meta.url);

/** The file of a dashboard. */
export const dashboardJson = (dashboard: Dashboard): string =>
  `${JSON.stringify(toGrafana(dashboard), undefined, 2)}\n`;

/** Grafana's JSON of a dashboard. */
const toGrafana = ({ name, title, description, ...dashboard }: Dashboard): unknown => ({
  uid: uidOf(name),
  title: `Stripe connector / ${title}`,
  description,
  tags: ['stripe-connector', 'payments'],
  schemaVersion: 39,
  version: 1,
  editable: true,
  graphTooltip: 1,
  refresh: '30s',
  time: { from: 'now-3h', to: 'now' },
  timezone: 'browser',
  templating: { list: variables() },
  annotations: { list: [deployments()] },
  links: links(),
  panels: panelsOf(dashboard),
});

/** The panels row by row, from left to right; one that has no room begins another line. */
function panelsOf({ traces, rows }: Pick<Dashboard, 'traces' | 'rows'>): unknown[] {
  const panels: unknown[] = [];
  let y = 0;
  for (const row of rows) {
    const gridPos = { h: 1, w: 24, x: 0, y };
    panels.push({ id: panels.length + 1, type: 'row', title: row.title, collapsed: false, panels: [], gridPos });
    y += 1;
    let x = 0;
    let tallest = 0;
    for (const panel of row.panels) {
      const { width: w = 8, as = 'timeseries' } = panel;
      const h = as === 'stat' ? STAT_HEIGHT : HEIGHT;
      if (x + w > 24) {
        x = 0;
        y += tallest;
        tallest = 0;
      }
      panels.push({ id: panels.length + 1, gridPos: { h, w, x, y }, ...panelOf({ traces, ...panel }) });
      x += w;
      tallest = Math.max(tallest, h);
    }
    y += tallest;
  }
  return panels;
}

function panelOf(panel: Panel): Record<string, unknown> {
  const { title, description, unit, queries, as = 'timeseries' } = panel;
  const instant = as !== 'timeseries';
  return {
    type: as,
    title,
    description,
    datasource: DATASOURCE,
    links: linksOf(panel),
    targets: queries.map(({ expr, legend, exemplars = false }, index) => ({
      refId: String.fromCharCode(65 + index),
      datasource: DATASOURCE,
      editorMode: 'code',
      expr,
      legendFormat: legend,
      range: !instant,
      instant,
      exemplar: exemplars,
      ...(as === 'table' && { format: 'table' }),
    })),
    fieldConfig: {
      defaults: {
        unit,
        min: unit === 'dateTimeFromNow' ? undefined : 0,
        color: { mode: instant ? 'thresholds' : 'palette-classic' },
        thresholds: { mode: 'absolute', steps: stepsOf(panel) },
        custom: instant ? {} : lineOf(panel),
      },
      overrides: [],
    },
    options: optionsOf(as),
  };
}

const linksOf = ({ alerts = [], runbooks = [], traces = '' }: Panel): object[] => [
  ...[...alerts, ...runbooks].map((page) => ({
    title: `Runbook: ${page}`,
    url: `__RUNBOOK_BASE_URL__/${page}.md`,
    targetBlank: true,
  })),
  { title: 'Traces', url: tracesUrl(traces), targetBlank: true },
];

/** The colours of a value, each from its limit on. */
function stepsOf({ as = 'timeseries', limits, lowIsBad }: Panel): { color: string; value: number | null }[] {
  if (!limits) return [{ color: as === 'timeseries' ? 'green' : 'blue', value: null }];
  const [first, second] = limits;
  const [lowest, middle, highest] = lowIsBad ? [null, second, first] : [null, first, second];
  const colours = lowIsBad ? ['red', 'yellow', 'green'] : ['green', 'yellow', 'red'];
  return [lowest, middle, highest].map((value, at) => ({ color: colours[at] as string, value }));
}

const lineOf = ({ limits, stacked }: Panel): object => ({
  lineWidth: 1,
  fillOpacity: stacked ? 30 : 5,
  showPoints: 'never',
  stacking: { mode: stacked ? 'normal' : 'none', group: 'A' },
  thresholdsStyle: { mode: limits ? 'dashed' : 'off' },
});

function optionsOf(as: NonNullable<Panel['as']>): Record<string, unknown> {
  const reduceOptions = { calcs: ['lastNotNull'], fields: '', values: false };
  switch (as) {
    case 'timeseries':
      return {
        legend: { displayMode: 'table', placement: 'bottom', showLegend: true, calcs: ['mean', 'lastNotNull'] },
        tooltip: { mode: 'multi', sort: 'desc' },
      };
    case 'stat':
      return { reduceOptions, colorMode: 'value', graphMode: 'none', justifyMode: 'auto', textMode: 'auto' };
    case 'bargauge':
      return { reduceOptions, displayMode: 'gradient', orientation: 'horizontal' };
    case 'table':
      return { showHeader: true };
  }
}

const BUILD = 'stripe_connector_build_info';

function variables(): unknown[] {
  const query = (name: string, label: string, text: string) => ({
    name,
    label,
    type: 'query',
    datasource: DATASOURCE,
    query: { query: text, refId: name },
    definition: text,
    refresh: 2,
    sort: 1,
    includeAll: true,
    multi: true,
    // Also matches a missing label, as outside Kubernetes.
    allValue: '.*',
    current: { selected: true, text: ['All'], value: ['$__all'] },
  });
  return [
    { name: 'datasource', label: 'Prometheus', type: 'datasource', query: 'prometheus', refresh: 1, current: {} },
    { name: 'traces', label: 'Traces', type: 'datasource', query: 'tempo', refresh: 1, current: {} },
    query('namespace', 'Namespace', `label_values(${BUILD}, namespace)`),
    query('service', 'Service', `label_values(${BUILD}{namespace=~"$namespace"}, job)`),
    query('pod', 'Pod', `label_values(${BUILD}{namespace=~"$namespace",job=~"$service"}, pod)`),
  ];
}

/** An annotation where a version appears that was not there five minutes before. */
function deployments(): unknown {
  const versions = (offset: string) => `count by (job, version) (${m(BUILD)}${offset})`;
  return {
    name: 'Deployments',
    datasource: DATASOURCE,
    enable: true,
    iconColor: 'purple',
    expr: `${versions('')} unless ${versions(' offset 5m')}`,
    step: '60s',
    titleFormat: '{{job}} {{version}}',
    tagKeys: 'job,version',
    textFormat: 'A new version runs',
  };
}

/** A link to Grafana's Explore with a search for traces; the data source is the dashboard's variable. */
function tracesUrl(query: string): string {
  const queries = [{ refId: 'A', queryType: 'traceql', query }];
  const pane = { datasource: '$' + '{traces}', queries, range: { from: 'now-1h', to: 'now' } };
  const panes = encodeURIComponent(JSON.stringify({ traces: pane })).replaceAll('%24%7Btraces%7D', '$' + '{traces}');
  return `/explore?schemaVersion=1&orgId=1&panes=${panes}`;
}

function links(): unknown[] {
  return [
    {
      type: 'dashboards',
      title: 'Stripe connector',
      tags: ['stripe-connector'],
      asDropdown: true,
      includeVars: true,
      keepTime: true,
    },
    {
      type: 'link',
      title: 'Failed traces',
      url: tracesUrl('{ resource.service.namespace = "stripe-connector" && status = error }'),
      targetBlank: true,
    },
    { type: 'link', title: 'Runbooks', url: '__RUNBOOK_BASE_URL__', targetBlank: true },
  ];
}
