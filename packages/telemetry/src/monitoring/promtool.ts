import { readFileSync } from 'node:fs';
import { ALERT_CASES, type Case, NAMESPACE, RELEASE } from './alert-cases.ts';
import { CAUSE_RULES } from './causes.ts';
import { type Alert, annotationsOf, isAlert, labelsOf, type RuleFile } from './rules.ts';
import { SLO_RULES } from './slos.ts';
import { THRESHOLDS } from './thresholds.ts';

const FOLDER = new URL('../../../../charts/stripe-connector/files/rules/', import.meta.url);

export const RULE_FILES = [...SLO_RULES, CAUSE_RULES];

/** Where a rule file of the chart lies. */
export const fileOf = ({ name }: { name: string }): URL => new URL(`${name}.rules.yaml`, FOLDER);
export const thresholdsFile = (): URL => new URL('thresholds.yaml', FOLDER);

/** Fills placeholders as the chart does. */
export function filled(text: string): string {
  const values: Record<string, string> = {
    __NAMESPACE__: NAMESPACE,
    __RELEASE__: RELEASE,
    __RUNBOOK_BASE_URL__: 'https://runbooks.example.com',
    __DASHBOARD_BASE_URL__: 'https://grafana.example.com/d',
    ...Object.fromEntries(
      Object.entries(THRESHOLDS).map(([alert, [value]]) => [`__THRESHOLD_${alert}__`, String(value)]),
    ),
  };
  return Object.entries(values).reduce((done, [placeholder, value]) => done.replaceAll(placeholder, value), text);
}

/** The chart's rule files, filled: name → content. */
export const filledRules = (): [name: string, yaml: string][] =>
  RULE_FILES.map((file) => [`${file.name}.rules.yaml`, filled(readFileSync(fileOf(file), 'utf8'))]);

const alertsOf = ({ groups }: RuleFile): Alert[] => groups.flatMap(({ rules }) => rules.filter(isAlert));
export const ALERTS = RULE_FILES.flatMap(alertsOf);

/** A test file of promtool for each alert, as JSON, which is YAML too. */
export function promtoolTests(): [alert: string, json: string][] {
  return Object.entries(ALERT_CASES).map(([alert, cases]) => [
    alert,
    JSON.stringify({
      rule_files: RULE_FILES.filter((file) => alertsOf(file).some((each) => each.alert === alert)).map(
        ({ name }) => `${name}.rules.yaml`,
      ),
      // Long stories are evaluated less often, or promtool takes minutes.
      evaluation_interval: everyOf(Math.max(...cases.map(({ at }) => at))),
      tests: cases.flatMap((each, index) => {
        const own = testOf(alert, each);
        // What happens in another release or namespace is not ours to tell.
        const foreign =
          index > 0 || alert === 'MetricsAbsent'
            ? []
            : [
                testOf(alert, {
                  ...each,
                  what: `${each.what}, in another release`,
                  fires: [],
                  series: each.series.map(([series, values]) => [
                    series.replace(`job="${RELEASE}-`, 'job="other-'),
                    values,
                  ]),
                }),
                testOf(alert, {
                  ...each,
                  what: `${each.what}, in another namespace`,
                  fires: [],
                  series: each.series.map(([series, values]) => [
                    series.replace(`namespace="${NAMESPACE}"`, 'namespace="other"'),
                    values,
                  ]),
                }),
              ];
        return [own, ...foreign];
      }),
    }),
  ]);
}

const everyOf = (minutes: number): string => (minutes > 600 ? '15m' : minutes > 120 ? '5m' : '1m');

function testOf(alert: string, { what, series, at, fires }: Case) {
  return {
    name: `${alert}: ${what}`,
    interval: '1m',
    input_series: series.map(([name, values]) => ({ series: name, values })),
    alert_rule_test: [
      {
        eval_time: `${at}m`,
        alertname: alert,
        exp_alerts: fires.map(({ labels, description }) => {
          const rule = ruleOf(alert, labels);
          const { description: _template, ...annotations } = annotationsOf(rule);
          const expected = { namespace: NAMESPACE, ...labelsOf(rule), ...labels };
          return {
            exp_labels: fill(expected),
            exp_annotations: { ...fill(annotations), description },
          };
        }),
      },
    ],
  };
}

const fill = (texts: Record<string, string>) =>
  Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, filled(text)]));

function ruleOf(alert: string, labels: Readonly<Record<string, string>>): Alert {
  const rule = ALERTS.find(
    (each) =>
      each.alert === alert &&
      each.labels?.window === labels.window &&
      (labels.service === undefined || each.service === labels.service),
  );
  if (!rule) throw new Error(`there is no alert ${alert} with these labels`);
  return rule;
}
