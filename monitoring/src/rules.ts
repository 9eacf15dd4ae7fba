/** Placeholders in the rule files, which the chart fills; a threshold is `__THRESHOLD_<AlertName>__`. */
export const PLACEHOLDERS = ['__NAMESPACE__', '__RELEASE__', '__RUNBOOK_BASE_URL__', '__DASHBOARD_BASE_URL__'] as const;

export type Service = 'intent' | 'ledger' | 'session-auth' | 'webhook-ingest';
export type Severity = 'critical' | 'warning' | 'info';
export type Dashboard = 'overview' | 'events' | 'kafka' | 'apis' | 'runtime';

/** Grafana's stable id of a dashboard. */
export const uidOf = (dashboard: Dashboard): string => `stripe-connector-${dashboard}`;

export interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly for: string;
  readonly severity: Severity;
  readonly service: Service;
  /** What is wrong, in one sentence, for people who were asleep a minute ago. */
  readonly summary: string;
  /** The measured value, with its labels. */
  readonly description: string;
  readonly dashboard: Dashboard;
  /** Labels that distinguish rules of one alert. */
  readonly labels?: Readonly<Record<string, string>>;
}

export interface Recording {
  readonly record: string;
  readonly expr: string;
}

export interface RuleGroup {
  readonly name: string;
  readonly interval?: string;
  readonly rules: readonly (Alert | Recording)[];
}

export interface RuleFile {
  /** File name without `.rules.yaml`. */
  readonly name: string;
  readonly about: string;
  readonly groups: readonly RuleGroup[];
}

export const isAlert = (rule: Alert | Recording): rule is Alert => 'alert' in rule;

/** A metric of one service of this release: `of('ledger', 'stripe_connector_dlq_depth', 'topic="x"')`. */
export const of = (service: Service | 'any', metric: string, ...matchers: string[]): string => {
  const job = service === 'any' ? 'job=~"__RELEASE__-.+"' : `job="__RELEASE__-${service}"`;
  return `${metric}{${['namespace="__NAMESPACE__"', job, ...matchers].join(',')}}`;
};

/** A recorded series of this release. */
export const recorded = (record: string): string => `${record}{namespace="__NAMESPACE__",release="__RELEASE__"}`;

/** The threshold of an alert, as the chart fills it in. */
export const threshold = (alert: string): string => `__THRESHOLD_${alert}__`;

/** A rule file in Prometheus's format, except for its placeholders. */
export function toYaml({ about, groups }: RuleFile): string {
  const lines = [
    '# Generated from monitoring/src by `npm run docs`; a test fails when it is stale.',
    ...about.split('\n').map((line) => `# ${line}`),
    'groups:',
  ];
  for (const { name, interval, rules } of groups) {
    lines.push(`  - name: ${name}`);
    if (interval) lines.push(`    interval: ${interval}`);
    lines.push('    rules:');
    for (const rule of rules) lines.push(...(isAlert(rule) ? alertLines(rule) : recordingLines(rule)));
  }
  return `${lines.join('\n')}\n`;
}

const block = (text: string): string[] =>
  text
    .trim()
    .split('\n')
    .map((line) => `          ${line}`);

const recordingLines = ({ record, expr }: Recording): string[] => [
  `      - record: ${record}`,
  '        expr: |-',
  ...block(expr),
  '        labels:',
  '          release: "__RELEASE__"',
];

const alertLines = (rule: Alert): string[] => [
  `      - alert: ${rule.alert}`,
  '        expr: |-',
  ...block(rule.expr),
  `        for: ${rule.for}`,
  '        labels:',
  ...Object.entries(labelsOf(rule)).map(([name, value]) => `          ${name}: ${JSON.stringify(value)}`),
  '        annotations:',
  ...Object.entries(annotationsOf(rule)).map(([name, value]) => `          ${name}: ${JSON.stringify(value)}`),
];

/** Labels that the rule adds to those of its expression. */
export const labelsOf = ({ severity, service, labels }: Alert): Record<string, string> => ({
  severity,
  service,
  release: '__RELEASE__',
  ...labels,
});

export const annotationsOf = ({ alert, summary, description, dashboard }: Alert): Record<string, string> => ({
  summary,
  description,
  runbook_url: `__RUNBOOK_BASE_URL__/${alert}.md`,
  dashboard_url: `__DASHBOARD_BASE_URL__/${uidOf(dashboard)}`,
});
