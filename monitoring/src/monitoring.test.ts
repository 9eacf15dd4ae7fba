import { globSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { DEFINITIONS, type MetricDefinition, PROCESS_METRICS } from '@connector/telemetry';
import { describe, expect, it } from 'vitest';
import { ALERT_CASES } from './alert-cases.ts';
import { DASHBOARDS } from './dashboards/index.ts';
import { dashboardFile, dashboardJson, type Panel } from './grafana.ts';
import { filledRules } from './promtool.ts';
import { ALERTS, fileOf, RULE_FILES, thresholdsFile } from './rule-files.ts';
import { isAlert, PLACEHOLDERS, toYaml, uidOf } from './rules.ts';
import { THRESHOLDS, thresholdsYaml } from './thresholds.ts';

const NAMES = [...new Set(ALERTS.map(({ alert }) => alert))];
const PANELS = DASHBOARDS.flatMap(({ name, rows }) =>
  rows.flatMap(({ panels }) => panels.map((panel): [string, Panel] => [`${name}: ${panel.title}`, panel])),
);
const RECORDED = RULE_FILES.flatMap(({ groups }) =>
  groups.flatMap(({ rules }) => rules.flatMap((rule) => (isAlert(rule) ? [] : [rule.record]))),
);
const EXPRESSIONS: [string, string][] = [
  ...RULE_FILES.flatMap(({ groups }) =>
    groups.flatMap(({ rules }) =>
      rules.map((rule): [string, string] => [isAlert(rule) ? rule.alert : rule.record, rule.expr]),
    ),
  ),
  ...PANELS.flatMap(([title, { queries }]) =>
    queries.map(({ expr, legend }): [string, string] => [`${title}: ${legend}`, expr]),
  ),
];

/** Every sample name that exists, including the parts of histograms and recorded series. */
const KNOWN = new Map<string, readonly string[]>([
  ...[
    ...Object.values(DEFINITIONS).map((each: MetricDefinition) => ({ ...each, labels: Object.keys(each.labels) })),
    ...PROCESS_METRICS,
  ].flatMap(({ type, name, labels = [] }): [string, readonly string[]][] =>
    type === 'histogram'
      ? [
          [`${name}_bucket`, [...labels, 'le']],
          [`${name}_count`, labels],
          [`${name}_sum`, labels],
        ]
      : [[name, labels]],
  ),
  ...RECORDED.map((record): [string, readonly string[]] => [record, ['release', 'topic']]),
  // Series about alerts that Prometheus itself records.
  ['ALERTS', ['alertname', 'alertstate', 'severity', 'service', 'release']],
  ['ALERTS_FOR_STATE', ['alertname', 'severity', 'service', 'release']],
]);
/** Labels that Prometheus adds when it scrapes. */
const OF_THE_TARGET = ['namespace', 'job', 'pod'];

const RUNBOOKS = new URL('../../docs/runbooks/', import.meta.url);
const REPOSITORY = new URL('../../', import.meta.url);
const read = (url: URL) => readFileSync(url, 'utf8');
/** The code of services and packages as one text, to search for a log line's words. */
const SOURCES = globSync('{services,packages}/*/src/**/*.ts', { cwd: REPOSITORY, exclude: ['**/*.test.ts'] })
  .map((name) => read(new URL(name, REPOSITORY)))
  .join('\n');

describe("the chart's monitoring files", () => {
  it.each(RULE_FILES.map((file) => [file.name, file] as const))(
    'has the rules %s as in the code (npm run docs)',
    (_, file) => {
      expect(read(fileOf(file))).toBe(toYaml(file));
    },
  );

  it('has the thresholds as in the code (npm run docs)', () => {
    expect(read(thresholdsFile())).toBe(thresholdsYaml());
  });

  it.each(DASHBOARDS.map((dashboard) => [dashboard.name, dashboard] as const))(
    'has the dashboard %s as in the code (npm run docs)',
    (name, dashboard) => {
      expect(read(dashboardFile(name))).toBe(dashboardJson(dashboard));
    },
  );

  it('has no other file in their folders', () => {
    const names = (pattern: string) =>
      globSync(pattern, { cwd: new URL('../', thresholdsFile()) }).map((path) => basename(path));
    expect(names('rules/*').toSorted()).toEqual(
      [...RULE_FILES.map(({ name }) => `${name}.rules.yaml`), 'README.md', 'thresholds.yaml'].toSorted(),
    );
    expect(names('dashboards/*').toSorted()).toEqual(DASHBOARDS.map(({ name }) => `${name}.json`).toSorted());
  });

  it('has only the documented placeholders', () => {
    const documented = new Set<string>([
      ...PLACEHOLDERS,
      ...Object.keys(THRESHOLDS).map((name) => `__THRESHOLD_${name}__`),
    ]);
    const texts = [...RULE_FILES.map(toYaml), ...DASHBOARDS.map(dashboardJson)];
    const used = texts.flatMap((text) => text.match(/__[A-Z]+(?:_\w+?)?__/g) ?? []);
    expect(used.filter((placeholder) => !documented.has(placeholder))).toEqual([]);
    expect([...documented].filter((placeholder) => !used.includes(placeholder))).toEqual([]);
    for (const [, yaml] of filledRules()) expect(yaml).not.toMatch(/__(?!name__)/);
  });
});

describe('every query', () => {
  it.each(EXPRESSIONS)('of %s uses only exported metrics and labels', (_, expr) => {
    const selectors = [...expr.matchAll(/([a-zA-Z_:][\w:]*)\{([^}]*)\}/g)];
    expect(selectors).not.toHaveLength(0);
    for (const [, name = '', matchers = ''] of selectors) {
      const labels = KNOWN.get(name);
      expect([...KNOWN.keys()]).toContain(name);
      for (const [, label] of matchers.matchAll(/(\w+)(?:=~|!~|!=|=)"/g)) {
        expect([...(labels ?? []), ...OF_THE_TARGET], `${label} of ${name}`).toContain(label);
      }
    }
    // A metric without a selector would be that of every release.
    const bare = expr.match(/[a-zA-Z_:][\w:]*(?![\w:{])/g) ?? [];
    expect(bare.filter((word) => KNOWN.has(word))).toEqual([]);
  });
});

// Groups are evaluated in no particular order, so the recording of another group may be one interval old.
describe('every recording', () => {
  const groups = RULE_FILES.flatMap((file) => file.groups);
  it.each(groups.map((group) => [group.name, group] as const))(
    '%s reads only earlier recordings of its group',
    (_, { rules }) => {
      const recorded = new Set<string>();
      for (const rule of rules) {
        const read = RECORDED.filter((record) => rule.expr.includes(record));
        expect(read.filter((record) => !recorded.has(record))).toEqual([]);
        if (!isAlert(rule)) recorded.add(rule.record);
      }
    },
  );
});

describe('every alert', () => {
  it.each(NAMES)('%s has a case in which it fires, and one in which it does not', (alert) => {
    const cases = ALERT_CASES[alert] ?? [];
    expect(cases.some(({ fires }) => fires.length > 0)).toBe(true);
    expect(cases.some(({ fires }) => fires.length === 0)).toBe(true);
  });

  it('exists if a case or a threshold names it', () => {
    expect(Object.keys(ALERT_CASES).filter((alert) => !NAMES.includes(alert))).toEqual([]);
    expect(Object.keys(THRESHOLDS).filter((alert) => !NAMES.includes(alert))).toEqual([]);
  });

  it.each(ALERTS.map((alert) => [alert.alert, alert] as const))(
    '%s waits before it fires, and says what is wrong and where',
    (_, alert) => {
      expect(alert.for).toMatch(/^([2-9]|\d{2,})m$|^\d+h$/);
      expect(alert.description).toContain('$labels.namespace');
      expect(alert.summary.length).toBeLessThan(100);
      expect(DASHBOARDS.map(({ name }) => name)).toContain(alert.dashboard);
    },
  );
});

describe('every dashboard', () => {
  it.each(PANELS)('%s has description, unit, legends, and links to runbooks that exist', (_, panel) => {
    expect(panel.description).toMatch(/\.$/);
    for (const text of [panel.unit, ...panel.queries.map(({ legend }) => legend)]) expect(text).toMatch(/\S/);
    const { alerts = [], runbooks = [] } = panel;
    expect(alerts.filter((alert) => !NAMES.includes(alert))).toEqual([]);
    expect([...alerts, ...runbooks]).not.toEqual([]);
    for (const page of runbooks) expect(() => read(new URL(`${page}.md`, RUNBOOKS)), page).not.toThrow();
  });

  it.each(DASHBOARDS.map((dashboard) => [dashboard.name, dashboard] as const))(
    'links each panel of %s to its runbooks and its traces',
    (_, dashboard) => {
      const { panels } = JSON.parse(dashboardJson(dashboard)) as {
        panels: { type: string; title: string; links?: { title: string; url: string }[] }[];
      };
      for (const { title, links = [] } of panels.filter(({ type }) => type !== 'row')) {
        expect(links.at(0)?.title, title).toMatch(/^Runbook: /);
        expect(links.at(-1), title).toMatchObject({ title: 'Traces', url: expect.stringMatching(/traceql.*%7B%20/) });
      }
    },
  );

  it.each(PANELS)('%s takes rates over an interval that fits the zoom', (_, { queries }) => {
    for (const { expr } of queries) expect(expr).not.toMatch(/rate\([^()]*\[(?!\$__rate_interval\])/);
  });

  it('names data sources only by variable, and has a stable uid', () => {
    const files = DASHBOARDS.map((dashboard) => JSON.parse(dashboardJson(dashboard)));
    expect(files.map(({ uid }) => uid)).toEqual(DASHBOARDS.map(({ name }) => uidOf(name)));
    const sources = files.flatMap((file) => [...JSON.stringify(file).matchAll(/"datasource":\{([^}]*\}?)"\}/g)]);
    expect(sources.length).toBeGreaterThan(50);
    for (const [, source] of sources) expect(source).toContain(`"uid":"${'$'}{datasource`);
  });

  it('has a panel for each alert, with a link to its runbook', () => {
    const linked = new Set(PANELS.flatMap(([, { alerts = [] }]) => alerts));
    expect(NAMES.filter((alert) => !linked.has(alert))).toEqual([]);
  });
});

describe('runbooks', () => {
  const folder = RUNBOOKS;
  /** A page with an alert's name belongs to the alert; other pages have names in lower case. */
  const pages = globSync('[A-Z]*.md', { cwd: folder }).map((name) => name.replace(/\.md$/, ''));

  it('has a page for each alert, and an alert for each page named like one', () => {
    expect(pages.toSorted()).toEqual(NAMES.toSorted());
  });

  it.each(NAMES)('%s says what the alert means, its effect, how to investigate and what to do', (alert) => {
    const page = read(new URL(`${alert}.md`, folder));
    const headings = [...page.matchAll(/^## (.*)$/gm)].map(([, heading]) => heading);
    expect(page.split('\n')[0]).toBe(`# ${alert}`);
    expect(headings).toEqual(['Meaning', 'Impact', 'Diagnosis', 'Mitigation']);
    for (const [, link = ''] of page.matchAll(/\]\(([^):#]+\.md)/g))
      expect(() => read(new URL(link, folder)), link).not.toThrow();
    const queried = [
      ...page.matchAll(/\b(stripe_connector_\w+|http_(?:server|client)_\w+|messaging_\w+_(?:total|bucket|count))\b/g),
    ];
    for (const [, name = ''] of queried) expect([...KNOWN.keys()], name).toContain(name);
  });

  it.each(NAMES)('%s first says what it means for money, and investigates with a command or query', (alert) => {
    const [, impact = '', diagnosis = ''] = read(new URL(`${alert}.md`, folder)).split(
      /^## (?:Impact|Diagnosis|Mitigation)$/m,
    );
    expect(impact.trim()).toMatch(/^\*\*Money:\*\* [^\n]+\.\n/);
    const [first = ''] = diagnosis.split('\n2. ');
    expect(first).toMatch(
      /`(?:kubectl|max|sum|increase|node|nodejs_)[^`]*`|^ {4,}(?:kubectl|max|min|sum|topk|histogram_quantile|increase|time)/m,
    );
  });

  const everyPage = globSync('*.md', { cwd: folder }).map((name): [string, string] => [
    name,
    read(new URL(name, folder)),
  ]);

  it.each(everyPage)('%s names only existing dashboards', (_, page) => {
    const named = [...page.matchAll(/\bdashboard\s+\*([^*]+)\*/g)].map(([, title]) => title);
    expect(DASHBOARDS.map(({ title }) => title)).toEqual(expect.arrayContaining(named));
  });

  it.each(everyPage)('%s searches the logs only for words that the code logs', (_, page) => {
    const searched = [...page.matchAll(/\bgrep (?:-E )?'([^']+)'/g)].flatMap(([, words = '']) =>
      words
        .replace(/"level":"[^"]*"/, '')
        .split('|')
        .filter(Boolean),
    );
    const missing = searched.filter((words) => !SOURCES.includes(words));
    expect(missing).toEqual([]);
  });
});
