// `npm run docs`: writes the files that are generated from the lists of metrics, alerts and dashboards.
import { mkdirSync, writeFileSync } from 'node:fs';
import { metricsReference } from '@connector/telemetry/reference';
import { DASHBOARDS } from './dashboards/index.ts';
import { dashboardFile, dashboardJson } from './grafana.ts';
import { fileOf, RULE_FILES, thresholdsFile } from './rule-files.ts';
import { toYaml } from './rules.ts';
import { thresholdsYaml } from './thresholds.ts';

writeFileSync(new URL('../../docs/metrics.md', import.meta.url), metricsReference());
mkdirSync(new URL('.', thresholdsFile()), { recursive: true });
for (const file of RULE_FILES) writeFileSync(fileOf(file), toYaml(file));
writeFileSync(thresholdsFile(), thresholdsYaml());
mkdirSync(new URL('.', dashboardFile('overview')), { recursive: true });
for (const dashboard of DASHBOARDS) writeFileSync(dashboardFile(dashboard.name), dashboardJson(dashboard));
