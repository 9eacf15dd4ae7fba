import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { launchBrowser } from '@connector/e2e-tests/browser';
import { ShopPage } from '@connector/e2e-tests/shop-page';
import { table } from '@connector/load-tests/table';
import { Cluster, type KubernetesObject } from './cluster.ts';
import { type Definitions, installDefinitions, removeDefinitions } from './crds.ts';
import { failedUpgrade } from './failed-upgrade.ts';
import { Findings, lines } from './findings.ts';
import { buildImages, buildKafkaImage, KAFKA_TAG, loadImages, repositoryOf } from './images.ts';
import { missingTopics } from './missing-topics.ts';
import { pay, reportPaid, truthOf, untilAgreed } from './payments.ts';
import {
  CHART,
  FULLNAME,
  publicUrlOf,
  RELEASE,
  type RunOptions,
  SCALED,
  SERVICES,
  setAll,
  TAGS,
  valuesOf,
  WAIT,
} from './release.ts';
import { Client } from './requests.ts';
import { secondRelease } from './second-release.ts';
import { ended, seconds, timed } from './shell.ts';
import { twins } from './twins.ts';

/**
 * Installs, tests, loads, upgrades, restarts, rolls back and removes the chart in a cluster, and compares Stripe's truth with
 * commercetools' in between. Throws Error when a step cannot be done at all; the namespace is removed then, too.
 */
export async function clusterRun(options: RunOptions): Promise<{ report: string; failures: readonly string[] }> {
  const { onProgress, images, payments, meanwhile } = options;
  const found = new Findings(onProgress);
  const cluster = await Cluster.connect(options.namespace);
  const client = new Client(options.ingress.url, options.ingress.host);
  const broker = images.kafka ?? `${images.registry}/${repositoryOf('kafka')}:${KAFKA_TAG}`;

  if (!images.isBuilt) {
    const [references, buildMs] = await timed(async () => [
      ...(await buildImages({ registry: images.registry, tags: TAGS, base: images.base, onProgress })),
      ...(images.kafka ? [] : [await buildKafkaImage(images.registry, onProgress)]),
    ]);
    found.figure('images built', `${references.length} in ${seconds(buildMs)}`);
    await loadImages(references, images.loadWith, onProgress);
  }

  await cluster.makeNamespace();
  let definitions: Definitions = { installed: [], sources: [] };
  try {
    definitions = await installDefinitions(onProgress);
    await dryRuns(cluster, definitions, found);

    const install = (release: string, tag: string) => [
      release,
      CHART,
      ...['-f', join(CHART, 'values-dev.yaml')],
      ...setAll(valuesOf(options, broker, tag)),
      ...options.set.flatMap((pair) => ['--set-json', pair]),
    ];
    const [, installMs] = await timed(() => cluster.helm(['install', ...install(RELEASE, TAGS[0]), ...WAIT]));
    found.figure('helm install --wait, with broker and simulators', seconds(installMs));
    await startTimes(cluster, found);
    const { commercetools } = await truthOf(client);
    found.check(commercetools.types.length > 0, `the types hook ran: ${commercetools.types.length} custom types exist`);

    const [tested, testMs] = await timed(() => cluster.tryHelm(['test', RELEASE, '--timeout', '3m']));
    found.figure('helm test, with one payment', seconds(testMs));
    found.check(tested.code === 0, 'helm test passes', lines(tested.stdout + tested.stderr));
    await secondRelease(cluster, client, broker, options, found);
    await twins(cluster, client, broker, options, found);

    await inBrowser(publicUrlOf(options), found);
    const calm = await pay(client, { count: payments });
    reportPaid(found, 'in peace', calm, payments);
    await scaled(cluster, client, found);

    let isRolling = true;
    const shoppers = pay(client, { count: meanwhile, isNeeded: () => isRolling });
    try {
      const upgrade = ['upgrade', ...install(RELEASE, TAGS[1])];
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
      reportPaid(found, 'while upgrade, restart and rollback went on', await shoppers, meanwhile);
    }
    await failedUpgrade(cluster, client, (tag) => install(RELEASE, tag), found);
    await runsTag(cluster, TAGS[0], found);

    const { truth, findings } = await untilAgreed(client, 90_000);
    found.figure('requests of the clients', client.requests);
    found.figure('requests repeated once', client.repeated.length);
    found.check(client.failedTwice.length === 0, 'no request failed twice', client.failedTwice);
    if (client.repeated.length > 0) found.figure('the first of them', client.repeated.slice(0, 3).join('; '));
    found.figure('events made by Stripe', truth.stripe.events);
    found.figure('webhook attempts / delivered', `${truth.webhooks.attempts} / ${truth.webhooks.delivered}`);
    found.figure(
      'PaymentIntents / payments',
      `${truth.stripe.payment_intents.length} / ${truth.commercetools.payments.length}`,
    );
    const lost = findings.map(({ verdict, paymentIntentId, what }) => `${verdict} ${paymentIntentId}: ${what}`);
    found.figure('lost, duplicated, wrong, stuck, orphaned', lost.length);
    found.check(lost.length === 0, 'commercetools shows what happened at Stripe', lost);
    const deadLetters = await cluster.kubectl([
      'exec',
      `deploy/${FULLNAME}-ledger`,
      '-c',
      'ledger',
      '--',
      'node',
      'dist/commands/redrive.js',
      'list',
    ]);
    found.check(/no dead letters|^0 /im.test(deadLetters), 'there are no dead letters', lines(deadLetters));
    await missingTopics(cluster, client, found);
    await noRestarts(cluster, found);

    const [, uninstallMs] = await timed(() => cluster.helm(['uninstall', RELEASE, ...WAIT]));
    found.figure('helm uninstall', seconds(uninstallMs));
    const left = await cluster.untilGone(() => false, 90_000);
    found.figure('objects left after uninstall', left.length);
    found.check(left.length === 0, 'uninstalling leaves nothing behind', left);
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

/** Every rendering of the chart's own cases is taken by the API server, strictly, without a warning of Pod Security. */
async function dryRuns(cluster: Cluster, definitions: Definitions, found: Findings): Promise<void> {
  const refused: string[] = [];
  const kinds = new Map<string, number>();
  const files = (await readdir(join(CHART, 'ci'))).filter((file) => file.endsWith('-values.yaml')).toSorted();
  const others: string[] = [];
  /** Classes that pods name: a pod of an unknown one is refused. */
  const classes: string[] = [];
  for (const file of files) {
    const name = file.replace('-values.yaml', '');
    const preset = /^(production|dev)\b/.exec(name)?.[0];
    const base = preset ? `values-${preset}.yaml` : 'ci/minimal-values.yaml';
    const args = ['template', RELEASE, CHART, '-f', join(CHART, base), '-f', join(CHART, 'ci', file), '--validate'];
    const rendered = await cluster.tryHelm(args);
    if (rendered.code !== 0) {
      refused.push(`${name}: ${lines(rendered.stderr).slice(-5).join(' ')}`);
      continue;
    }
    for (const [, namespace] of rendered.stdout.matchAll(/^ {2}namespace: "?([\w-]+)"?$/gm)) {
      if (!namespace || namespace === cluster.namespace || others.includes(namespace)) continue;
      if ((await cluster.tryKubectl(['get', 'namespace', namespace])).code === 0) continue;
      await cluster.kubectl(['create', 'namespace', namespace]);
      others.push(namespace);
    }
    for (const [, kind, name] of rendered.stdout.matchAll(/^ +(priority|runtime)ClassName: "?([\w-]+)"?$/gm)) {
      const object = kind === 'priority' ? priorityClass(name ?? '') : runtimeClass(name ?? '');
      const isNew = (await cluster.tryKubectl(['create', '-f', '-'], JSON.stringify(object))).code === 0;
      if (isNew) classes.push(`${kind}class/${name}`);
    }
    // Without a namespace of its own: some objects belong into another one.
    const applied = await ended('kubectl', ['apply', '--dry-run=server', '--validate=strict', '-f', '-'], {
      input: rendered.stdout,
    });
    const complaints = lines(applied.stderr).filter((line) => line && !line.includes('resource mapping not found'));
    if (applied.code !== 0 || complaints.length > 0) refused.push(`${name}: ${complaints.slice(0, 5).join(' ')}`);
    for (const line of lines(applied.stdout)) {
      const kind = line.split('/')[0] ?? '';
      if (kind) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    }
  }
  for (const name of classes) await cluster.kubectl(['delete', name]);
  for (const namespace of others) await cluster.kubectl(['delete', 'namespace', namespace, '--wait=false']);
  found.figure('renderings dry-run by the API server', files.length);
  found.figure(
    'objects of operators accepted',
    [...kinds]
      .filter(([kind]) => /monitoring|gateway|keda|external|kafka/.test(kind))
      .map(([kind, count]) => `${count} ${kind.split('.')[0]}`)
      .join(', '),
  );
  found.figure('definitions from', definitions.sources.join('; '));
  found.check(refused.length === 0, 'the API server takes every rendering', refused);
}

const priorityClass = (name: string) => ({
  apiVersion: 'scheduling.k8s.io/v1',
  kind: 'PriorityClass',
  metadata: { name },
  value: 1_000,
});
const runtimeClass = (name: string) => ({
  apiVersion: 'node.k8s.io/v1',
  kind: 'RuntimeClass',
  metadata: { name },
  handler: 'runc',
});

/** How long each container took from its start to being ready, as the cluster saw it, in whole seconds. */
async function startTimes(cluster: Cluster, found: Findings): Promise<void> {
  const pods = await cluster.objects('pods', `app.kubernetes.io/instance=${RELEASE}`);
  const times = pods.flatMap(({ metadata, status }) => {
    const started = status.containerStatuses?.[0]?.state?.running?.startedAt;
    const ready = status.conditions?.find(({ type }: KubernetesObject) => type === 'Ready')?.lastTransitionTime;
    const part = metadata.labels['app.kubernetes.io/component'];
    return started && ready ? [`${part} ${(Date.parse(ready) - Date.parse(started)) / 1000} s`] : [];
  });
  found.figure('container start to ready', [...new Set(times)].toSorted().join(', '));
}

/** A shopper in Chromium: the page, the browser library and the stand-in for Stripe.js come through the ingress. */
async function inBrowser(url: string, found: Findings): Promise<void> {
  const browser = await launchBrowser();
  try {
    const shop = await ShopPage.open(browser, url);
    await shop.payByCard();
    const words = await shop.result('approved');
    await shop.transaction('Charge:Success');
    await shop.timeline('com.stripe.payment_intent.succeeded').waitFor();
    found.figure('paid in Chromium', words.trim());
    found.check(shop.complaints.length === 0, 'the browser complained about nothing', shop.complaints);
  } catch (error) {
    found.check(false, 'a shopper can pay in a browser', lines((error as Error).message));
  } finally {
    await browser.close();
  }
}

const HPA_WITHIN_MS = 240_000;

/** Loads the HTTP services from outside until their autoscalers have added pods. */
async function scaled(cluster: Cluster, client: Client, found: Findings): Promise<void> {
  const { json: checkout } = await client.ask('POST', '/storefront/api/checkouts', { body: { currency: 'EUR' } });
  const known = { 'x-session-id': checkout.sessionId as string };
  const peaks = new Map<string, number>();
  const isScaled = (name: string) => (peaks.get(name) ?? 0) > 2;
  let isOver = false;
  const load: Record<(typeof SCALED)[number], () => Promise<unknown>> = {
    intent: () => client.once('GET', '/operations/config', { headers: known }),
    'session-auth': () =>
      client.once('GET', '/operations/config', { headers: { 'x-session-id': crypto.randomUUID() } }),
    'webhook-ingest': () =>
      client.once('POST', '/stripe/webhooks', {
        body: { padding: 'x'.repeat(20_000) },
        headers: { 'stripe-signature': `t=${Math.floor(Date.now() / 1000)},v1=${'0'.repeat(64)}` },
      }),
    enabler: () => client.once('GET', '/connector-enabler.es.js'),
  };
  const began = performance.now();
  const loading = SCALED.flatMap((name) =>
    Array.from({ length: 4 }, async () => {
      while (!isOver && !isScaled(name)) await load[name]().catch(() => sleep(100));
    }),
  );
  while (performance.now() - began < HPA_WITHIN_MS && !SCALED.every(isScaled)) {
    await sleep(3_000);
    for (const { metadata, status } of await cluster.objects('hpa')) {
      const name = metadata.labels['app.kubernetes.io/component'];
      peaks.set(name, Math.max(peaks.get(name) ?? 0, status.currentReplicas ?? 0, status.desiredReplicas ?? 0));
    }
  }
  isOver = true;
  await Promise.all(loading);
  const told = SCALED.map((name) => `${name} 2 → ${peaks.get(name) ?? '?'}`).join(', ');
  found.figure('autoscaled under load', `${told}, after ${seconds(performance.now() - began)}`);
  const idle = SCALED.filter((name) => !isScaled(name));
  found.check(
    idle.length === 0,
    'the autoscalers added pods to every HTTP service',
    idle.length ? lines(await cluster.kubectl(['get', 'hpa'])) : [],
  );
}

async function restartAll(cluster: Cluster): Promise<void> {
  const names = SERVICES.map((name) => `deployment/${FULLNAME}-${name}`);
  await cluster.kubectl(['rollout', 'restart', ...names]);
  for (const name of names) await cluster.kubectl(['rollout', 'status', name, '--timeout=5m']);
}

async function runsTag(cluster: Cluster, tag: string, found: Findings): Promise<void> {
  const selector = `app.kubernetes.io/instance=${RELEASE},app.kubernetes.io/component in (${SERVICES.join(',')})`;
  const pods = (await cluster.objects('pods', selector)).filter(({ metadata }) => !metadata.deletionTimestamp);
  const images: string[] = pods.map(({ spec }) => spec.containers[0].image);
  const wrong = images.filter((image) => !image.endsWith(`:${tag}`));
  found.check(images.length >= SERVICES.length && wrong.length === 0, `every service runs ${tag}`, wrong);
}

/** A container that started again has crashed, unless it waited for the broker at the very beginning. */
async function noRestarts(cluster: Cluster, found: Findings): Promise<void> {
  const pods = await cluster.objects('pods', `app.kubernetes.io/instance=${RELEASE}`);
  const restarted = pods.flatMap(({ metadata, status }) =>
    (status.containerStatuses ?? [])
      .filter(({ restartCount }: KubernetesObject) => restartCount > 0)
      .map(
        ({ name, restartCount, lastState }: KubernetesObject) =>
          `${metadata.name} ${name}: ${restartCount} × ${JSON.stringify(lastState.terminated ?? {})}`,
      ),
  );
  found.check(restarted.length === 0, 'no container crashed', restarted);
}

/** What a person would look at first. */
async function whatIsWrong(cluster: Cluster): Promise<string[]> {
  const pods = await cluster.tryKubectl(['get', 'pods', '-o', 'wide']);
  const events = await cluster.tryKubectl([
    'get',
    'events',
    '--sort-by=.lastTimestamp',
    '--field-selector=type!=Normal',
  ]);
  return [...lines(pods.stdout), ...lines(events.stdout).slice(-12)];
}
