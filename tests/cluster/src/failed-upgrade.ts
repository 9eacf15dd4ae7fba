import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster, KubernetesObject } from './cluster.ts';
import { type Findings, lines } from './findings.ts';
import { pay, reportPaid } from './payments.ts';
import { RELEASE, SERVICES, setAll, TAGS, WAIT } from './release.ts';
import type { Client } from './requests.ts';
import { seconds, timed } from './shell.ts';

/** Values that the chart accepts and with which no new pod can start; they also change ConfigMaps. */
const BROKEN = {
  'settings.LOG_LEVEL': 'debug',
  'settings.SESSION_AUTH_URL': 'http://session-auth.example.com',
  'defaults.extraEnv': [{ name: 'METRICS_PORT', value: 'none' }],
};
const BACK_WITHIN_MS = 180_000;

/** An upgrade whose pods crash fails. Then every pod of the serving version is killed once, while shoppers pay. */
export async function failedUpgrade(
  cluster: Cluster,
  client: Client,
  install: (tag: string) => string[],
  found: Findings,
): Promise<void> {
  const before = await servingPods(cluster);
  const repeatedBefore = client.repeated.length;
  let isOver = false;
  const shoppers = pay(client, { count: 30, concurrency: 3, isNeeded: () => !isOver });
  try {
    const upgrade = ['upgrade', ...install(TAGS[1]), ...setAll(BROKEN), '--wait', '--timeout', '40s'];
    const { code, stdout, stderr } = await cluster.tryHelm(upgrade);
    found.check(code !== 0, 'an upgrade whose pods cannot start fails', lines(stdout + stderr));
    const [, ms] = await timed(() =>
      Promise.all(SERVICES.map((name) => killInTurn(cluster, before.filter(isOf(name))))),
    );
    found.figure(
      'pods of the serving version killed once after a failed upgrade',
      `${before.length}, back within ${seconds(ms)}`,
    );
  } finally {
    isOver = true;
    reportPaid(found, 'after a failed upgrade, while every old pod was killed once', await shoppers, 30);
  }
  const failed = client.repeated.slice(repeatedBefore);
  found.figure('requests that failed meanwhile', failed.length);
  found.check(
    failed.length === 0,
    'no request fails after a failed upgrade while every old pod is killed once',
    failed,
  );
  await cluster.helm(['rollback', RELEASE, '1', ...WAIT]);
}

const isOf =
  (service: string) =>
  ({ metadata }: KubernetesObject): boolean =>
    metadata.labels['app.kubernetes.io/component'] === service;

/** The services' pods that are not shutting down. */
export async function servingPods(cluster: Cluster): Promise<KubernetesObject[]> {
  const selector = `app.kubernetes.io/instance=${RELEASE},app.kubernetes.io/component in (${SERVICES.join(',')})`;
  return (await cluster.objects('pods', selector)).filter(({ metadata }) => !metadata.deletionTimestamp);
}

/**
 * Deletes one pod after another, each when the one before has been replaced. Throws Error when one is never replaced.
 */
async function killInTurn(cluster: Cluster, pods: readonly KubernetesObject[]): Promise<void> {
  for (const { metadata } of pods) {
    const [owner] = metadata.ownerReferences;
    // An autoscaler may have removed it.
    await cluster.kubectl(['delete', 'pod', metadata.name, '--wait=true', '--ignore-not-found']);
    const until = Date.now() + BACK_WITHIN_MS;
    for (;;) {
      const { spec, status } = JSON.parse(await cluster.kubectl(['get', 'replicaset', owner.name, '-o', 'json']));
      if ((status.readyReplicas ?? 0) >= spec.replicas) break;
      if (Date.now() > until) throw new Error(`${owner.name} has no pod in the place of ${metadata.name}`);
      await sleep(500);
    }
  }
}
