import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PINNED_NODE, REPOSITORY } from '../build.ts';
import { answers, ManagedProcess, type ProcessDied, runToEnd } from '../processes/managed-process.ts';

/** There is no Prometheus on this machine and none could be installed; the message says so in one sentence. */
export class PrometheusUnavailable extends Error {
  override readonly name = 'PrometheusUnavailable';
}

export interface PrometheusOptions {
  /** Folder of its configuration, rules and data. */
  readonly dir: string;
  readonly port: number;
  /** Each service's job label, and the address of its /metrics. */
  readonly targets: readonly { readonly job: string; readonly namespace: string; readonly adminUrl: string }[];
  /** Rule files: name → YAML. */
  readonly rules: readonly (readonly [name: string, yaml: string])[];
  readonly scrapeIntervalMs: number;
  readonly restart?: boolean;
  readonly onDeath?: ((death: ProcessDied) => void) | undefined;
}

/**
 * A real Prometheus that scrapes the services, with the rules loaded. It is not started yet. Throws
 * PrometheusUnavailable.
 */
export async function prometheus(options: PrometheusOptions): Promise<ManagedProcess & { readonly url: string }> {
  const { dir, port, targets, rules, scrapeIntervalMs, restart = false, onDeath } = options;
  const [command = '', ...own] = await commandLine();
  await mkdir(join(dir, 'rules'), { recursive: true });
  for (const [name, yaml] of rules) await writeFile(join(dir, 'rules', name), yaml);
  const interval = `${scrapeIntervalMs}ms`;
  const config = {
    global: { scrape_interval: interval, scrape_timeout: interval, evaluation_interval: interval },
    rule_files: ['rules/*.yaml'],
    // Labels as in a cluster, where Kubernetes adds the pod's name.
    scrape_configs: targets.map(({ job, namespace, adminUrl }) => ({
      job_name: job,
      static_configs: [{ targets: [new URL(adminUrl).host], labels: { namespace, pod: `${job}-0` } }],
    })),
  };
  // JSON is also YAML.
  await writeFile(join(dir, 'prometheus.yml'), JSON.stringify(config, undefined, 2));
  const url = `http://127.0.0.1:${port}`;
  const server = new ManagedProcess({
    name: 'prometheus',
    command,
    args: [
      ...own,
      `--config.file=${join(dir, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(dir, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--enable-feature=exemplar-storage',
      '--log.level=warn',
    ],
    logFile: join(dir, 'prometheus.log'),
    isReady: () => answers(`${url}/-/ready`),
    graceMs: 5_000,
    restart,
    ...(onDeath && { onDeath }),
  });
  return Object.assign(server, { url });
}

async function commandLine(): Promise<string[]> {
  const { exitCode, output } = await runToEnd(PINNED_NODE, [join(REPOSITORY, 'scripts/prometheus.mjs'), 'prometheus']);
  if (exitCode !== 0) throw new PrometheusUnavailable(output.trim());
  return JSON.parse(output) as string[];
}
