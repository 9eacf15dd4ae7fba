import { type Case, NAMESPACE, RELEASE } from './alert-cases/series.ts';
import { ALERT_CASES } from './alert-cases.ts';
import { ALERTS, alertsOf, chartRules, filled, type Installation, RULE_FILES } from './rule-files.ts';
import { type Alert, annotationsOf, labelsOf } from './rules.ts';

const INSTALLATION: Installation = {
  namespace: NAMESPACE,
  release: RELEASE,
  runbookBaseUrl: 'https://runbooks.example.com',
  dashboardBaseUrl: 'https://grafana.example.com/d',
};

/** The chart's rule files, filled: name → content. */
export const filledRules = () => chartRules(INSTALLATION);

/** A promtool test file for each alert, in JSON, which is also YAML. */
export function promtoolTests(): [alert: string, json: string][] {
  return Object.entries(ALERT_CASES).map(([alert, cases]) => [
    alert,
    JSON.stringify({
      rule_files: RULE_FILES.filter((file) => alertsOf(file).some((each) => each.alert === alert)).map(
        ({ name }) => `${name}.rules.yaml`,
      ),
      // Long histories are evaluated less often, because promtool would take minutes.
      evaluation_interval: everyOf(Math.max(...cases.map(({ at }) => at))),
      tests: cases.flatMap((each, index) => {
        const own = testOf(alert, each);
        // An alert must not fire because of another release or namespace.
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
  Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, filled(text, INSTALLATION)]));

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
