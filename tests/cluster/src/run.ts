import { join } from 'node:path';
import { table } from '@connector/load-tests/table';
import { scaled } from './autoscaling.ts';
import { Cluster } from './cluster.ts';
import { type Definitions, installDefinitions, removeDefinitions } from './crds.ts';
import { dryRuns } from './dry-runs.ts';
import { failedUpgrade } from './failed-upgrade.ts';
import { Findings, lines } from './findings.ts';
import { buildImages, buildKafkaImage, KAFKA_TAG, loadImages, repositoryOf } from './images.ts';
import { inBrowser } from './in-browser.ts';
import { missingTopics } from './missing-topics.ts';
import { pay, reportPaid, truthOf, untilAgreed } from './payments.ts';
import { noRestarts, restartAll, runsTag, startTimes, whatIsWrong } from './pods.ts';
import { CHART, FULLNAME, publicUrlOf, RELEASE, type RunOptions, setAll, TAGS, valuesOf, WAIT } from './release.ts';
import { Client } from './requests.ts';
import { secondRelease } from './second-release.ts';
import { seconds, timed } from './shell.ts';
import { twins } from './twins.ts';

/** What every step works with. */
interface Run {
  readonly options: RunOptions;
  readonly cluster: Cluster;
  readonly client: Client;
  readonly found: Findings;
  /** Image of the broker. */
  readonly broker: string;
}

/**
 * Installs, tests, loads, upgrades, restarts, rolls back and removes the chart in a cluster, and compares Stripe with
 * commercetools in between. Throws Error when a step cannot be done at all; the namespace is removed in that case, too.
 */
export async function clusterRun(options: RunOptions): Promise<{ report: string; failures: readonly string[] }> {
  const { onProgress, images, payments } = options;
  const found = new Findings(onProgress);
  const cluster = await Cluster.connect(options.namespace);
  const client = new Client(options.ingress.url, options.ingress.host);
  const broker = images.kafka ?? `${images.registry}/${repositoryOf('kafka')}:${KAFKA_TAG}`;
  const run: Run = { options, cluster, client, found, broker };
  if (!images.isBuilt) await build(run);

  await cluster.makeNamespace();
  let definitions: Definitions = { installed: [], sources: [] };
  try {
    definitions = await installDefinitions(onProgress);
    await dryRuns(cluster, definitions, found);
    await install(run);
    await secondRelease(cluster, client, broker, options, found);
    await twins(cluster, client, broker, options, found);
    await inBrowser(publicUrlOf(options), found);
    reportPaid(found, 'with nothing else going on', await pay(client, { count: payments }), payments);
    await scaled(cluster, client, found);
    await rollWhilePaying(run);
    await failedUpgrade(cluster, client, (tag) => releaseOf(run, tag), found);
    await runsTag(cluster, TAGS[0], found);
    await agree(run);
    await missingTopics(cluster, client, found);
    await noRestarts(cluster, found);
    await uninstall(run);
  } catch (error) {
    found.check(false, `the run came to its end: ${(error as Error).message}`, await whatIsWrong(cluster));
  } finally {
    client.close();
    if (!options.keep) {
      await removeDefinitions(definitions);
      await cluster.removeNamespace();
    }
  }
  return { report: table(['What', 'Measured'], found.figures), failures: found.failures };
}

async function build({ options: { images, onProgress }, found }: Run): Promise<void> {
  const [references, buildMs] = await timed(async () => [
    ...(await buildImages({ registry: images.registry, tags: TAGS, base: images.base, onProgress })),
    ...(images.kafka ? [] : [await buildKafkaImage(images.registry, onProgress)]),
  ]);
  found.figure('images built', `${references.length} in ${seconds(buildMs)}`);
  await loadImages(references, images.loadWith, onProgress);
}

/** Name, chart and values, as `helm install` and `helm upgrade` take them. */
const releaseOf = ({ options, broker }: Run, tag: string): string[] => [
  RELEASE,
  CHART,
  ...['-f', join(CHART, 'values-dev.yaml')],
  ...setAll(valuesOf(options, broker, tag)),
  ...options.set.flatMap((pair) => ['--set-json', pair]),
];

async function install(run: Run): Promise<void> {
  const { cluster, client, found } = run;
  const [, installMs] = await timed(() => cluster.helm(['install', ...releaseOf(run, TAGS[0]), ...WAIT]));
  found.figure('helm install --wait, with broker and simulators', seconds(installMs));
  await startTimes(cluster, found);
  const { commercetools } = await truthOf(client);
  found.check(commercetools.types.length > 0, `the types hook ran: ${commercetools.types.length} custom types exist`);

  const [tested, testMs] = await timed(() => cluster.tryHelm(['test', RELEASE, '--timeout', '3m']));
  found.figure('helm test, with one payment', seconds(testMs));
  found.check(tested.code === 0, 'helm test passes', lines(tested.stdout + tested.stderr));
}

/** Upgrades, restarts and rolls back while shoppers pay. */
async function rollWhilePaying(run: Run): Promise<void> {
  const { cluster, client, found, options } = run;
  let isRolling = true;
  const shoppers = pay(client, { count: options.meanwhile, isNeeded: () => isRolling });
  try {
    const upgrade = ['upgrade', ...releaseOf(run, TAGS[1])];
    const [, upgradeMs] = await timed(() => cluster.helm([...upgrade, ...WAIT]));
    found.figure(`helm upgrade to ${TAGS[1]}`, seconds(upgradeMs));
    await runsTag(cluster, TAGS[1], found);
    const [, restartMs] = await timed(() => restartAll(cluster));
    found.figure('kubectl rollout restart of every service', seconds(restartMs));
    const [, rollbackMs] = await timed(() => cluster.helm(['rollback', RELEASE, '1', ...WAIT]));
    found.figure('helm rollback', seconds(rollbackMs));
    await runsTag(cluster, TAGS[0], found);
  } finally {
    isRolling = false;
    reportPaid(found, 'while upgrade, restart and rollback went on', await shoppers, options.meanwhile);
  }
}

/** Waits until commercetools shows everything that happened at Stripe, and returns what it does not show. */
async function agree({ cluster, client, found }: Run): Promise<void> {
  const { truth, findings } = await untilAgreed(client, 90_000);
  found.figure('requests of the clients', client.requests);
  found.figure('requests repeated once', client.repeated.length);
  found.check(client.failedTwice.length === 0, 'no request failed twice', client.failedTwice);
  if (client.repeated.length > 0) found.figure('the first of them', client.repeated.slice(0, 3).join('; '));
  found.figure('events made by Stripe', truth.stripe.events);
  found.figure('webhook attempts / delivered', `${truth.webhooks.attempts} / ${truth.webhooks.delivered}`);
  const counts = [truth.stripe.payment_intents.length, truth.commercetools.payments.length];
  found.figure('PaymentIntents / payments', counts.join(' / '));
  const lost = findings.map(({ verdict, paymentIntentId, what }) => `${verdict} ${paymentIntentId}: ${what}`);
  found.figure('lost, duplicated, wrong, stuck, orphaned', lost.length);
  found.check(lost.length === 0, 'commercetools shows what happened at Stripe', lost);
  const list = ['node', 'dist/commands/redrive.js', 'list'];
  const deadLetters = await cluster.kubectl(['exec', `deploy/${FULLNAME}-ledger`, '-c', 'ledger', '--', ...list]);
  found.check(/no dead letters|^0 /im.test(deadLetters), 'there are no dead letters', lines(deadLetters));
}

async function uninstall({ cluster, found }: Run): Promise<void> {
  const [, uninstallMs] = await timed(() => cluster.helm(['uninstall', RELEASE, ...WAIT]));
  found.figure('helm uninstall', seconds(uninstallMs));
  const left = await cluster.untilGone(() => false, 90_000);
  found.figure('objects left after uninstall', left.length);
  found.check(left.length === 0, 'uninstalling leaves nothing behind', left);
}
