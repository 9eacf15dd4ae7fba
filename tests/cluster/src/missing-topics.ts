import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { createKafka } from '@connector/kafka';
import { createLogger } from '@connector/telemetry';
import type { Cluster, KubernetesObject } from './cluster.ts';
import { servingPods } from './failed-upgrade.ts';
import type { Findings } from './findings.ts';
import { pay } from './payments.ts';
import { FULLNAME, RELEASE } from './release.ts';
import type { Client } from './requests.ts';
import { seconds, timed } from './shell.ts';

const REPORTED_WITHIN_MS = 120_000;
const READY_WITHIN_MS = 120_000;
const NAMED = ['webhook-ingest', 'intent', 'ledger'] as const;

/**
 * The topics are deleted under a running release: readiness names them, and after their recreation everything works
 * without a restart.
 */
export async function missingTopics(cluster: Cluster, client: Client, found: Findings): Promise<void> {
  const deleted = await deleteTopics(cluster);
  const [told, reportedMs] = await timed(() => untilReported(cluster));
  found.figure('topics deleted: readiness names them after', seconds(reportedMs));
  found.check(told.length === NAMED.length, 'readiness names the topics that are missing', [...deleted, ...told]);
  if (told[0]) found.figure('what /readyz says', told[0].slice(0, 200));

  const ensure = ['exec', `deploy/${FULLNAME}-ledger`, '-c', 'ledger', '--', 'node', 'dist/commands/ensure-topics.js'];
  await cluster.kubectl(ensure);
  const [unready, readyMs] = await timed(() => untilReady(cluster));
  found.figure('topics made again: everything ready after', seconds(readyMs));
  found.check(unready.length === 0, 'every pod is ready again by itself', unready);
  const paid = await pay(client, { count: 10, concurrency: 2 });
  found.check(paid.outcomes.approved === 10, 'payments are approved again', [
    JSON.stringify(paid.outcomes),
    ...paid.failures,
  ]);
}

/** Deletes the topics that hold events of the release and answers their names. */
async function deleteTopics(cluster: Cluster): Promise<string[]> {
  const forward = spawn('kubectl', ['-n', cluster.namespace, 'port-forward', `pod/${FULLNAME}-kafka-0`, ':9092']);
  try {
    const [line] = (await once(forward.stdout, 'data')) as [Buffer];
    const port = Number(/127\.0\.0\.1:(\d+)/.exec(line.toString())?.[1]);
    const kafka = createKafka(
      { KAFKA_BROKERS: [`127.0.0.1:${port}`], KAFKA_TOPIC_PREFIX: '', KAFKA_SSL_ENABLED: false },
      {
        clientId: 'e2e-cluster',
        log: createLogger('e2e-cluster', 'silent'),
        // The broker tells its name inside the cluster.
        socketFactory: ({ onConnect }) => connect(port, '127.0.0.1', onConnect),
      },
    );
    const admin = kafka.client.admin();
    await admin.connect();
    const topics = (await admin.listTopics()).filter((name) => name.includes(`.${RELEASE}.payments.`));
    await admin.deleteTopics({ topics });
    await admin.disconnect();
    return topics;
  } finally {
    forward.kill();
  }
}

/** Waits until every pod of the services is ready; returns those that are not at the time limit. */
async function untilReady(cluster: Cluster): Promise<string[]> {
  const until = Date.now() + READY_WITHIN_MS;
  for (;;) {
    const pods = (await servingPods(cluster)).filter(
      ({ status }) =>
        !status.conditions?.some(({ type, status: is }: KubernetesObject) => type === 'Ready' && is === 'True'),
    );
    if (pods.length === 0 || Date.now() > until) return pods.map(({ metadata }) => metadata.name);
    await sleep(500);
  }
}

/** Asks for readiness until each service names a topic, or the time is over; answers what those say that do. */
async function untilReported(cluster: Cluster): Promise<string[]> {
  const until = Date.now() + REPORTED_WITHIN_MS;
  const script = "fetch('http://127.0.0.1:9464/readyz').then(async (answer) => console.log(await answer.text()))";
  for (;;) {
    const answers = await Promise.all(
      NAMED.map((name) =>
        cluster.tryKubectl(['exec', `deploy/${FULLNAME}-${name}`, '-c', name, '--', 'node', '-e', script]),
      ),
    );
    const told = answers.map(({ stdout }) => stdout.trim()).filter((text) => text.includes('does not exist'));
    if (told.length === NAMED.length || Date.now() > until) return told;
    await sleep(1_000);
  }
}
