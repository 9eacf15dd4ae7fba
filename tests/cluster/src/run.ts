import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { launchBrowser } from '@connector/e2e-tests/browser';
import { ShopPage } from '@connector/e2e-tests/shop-page';
import { table } from '@connector/load-tests/table';
import { Cluster, type KubernetesObject } from './cluster.ts';
import { type Definitions, installDefinitions, removeDefinitions } from './crds.ts';
import {
  buildImages,
  buildKafkaImage,
  imageValues,
  KAFKA_TAG,
  loadImages,
  REPOSITORY,
  repositoryOf,
} from './images.ts';
import { type Paid, pay, truthOf, untilAgreed } from './payments.ts';
import { Client } from './requests.ts';
import { ended, seconds, timed } from './shell.ts';

export interface RunOptions {
  readonly ingress: { readonly url: string; readonly host: string; readonly className: string | undefined };
  readonly images: {
    readonly registry: string;
    readonly loadWith: string | undefined;
    readonly base: string | undefined;
    /** Full name of the broker's image, when none is to be built. */
    readonly kafka: string | undefined;
    readonly isBuilt: boolean;
  };
  readonly namespace: string;
  readonly payments: number;
  readonly meanwhile: number;
  /** Further values as `path=JSON`. */
  readonly set: readonly string[];
  readonly keep: boolean;
  readonly onProgress: (line: string) => void;
}

const CHART = join(REPOSITORY, 'charts/stripe-connector');
const RELEASE = 'e2e';
const FULLNAME = `${RELEASE}-stripe-connector`;
const SECOND = 'second';
const TAGS = ['e2e-a', 'e2e-b'] as const;
const SERVICES = ['session-auth', 'intent', 'webhook-ingest', 'ledger', 'enabler'] as const;
const SCALED = ['session-auth', 'intent', 'webhook-ingest', 'enabler'] as const;
const WAIT = ['--wait', '--timeout', '5m'];

/** What was measured and what did not hold. */
class Findings {
  readonly figures: [name: string, value: string | number][] = [];
  readonly failures: string[] = [];
  readonly #tell: (line: string) => void;

  constructor(tell: (line: string) => void) {
    this.#tell = tell;
  }

  figure(name: string, value: string | number): void {
    this.figures.push([name, value]);
    this.#tell(`${name}: ${value}`);
  }

  check(isTrue: boolean, sentence: string, detail: readonly string[] = []): void {
    this.#tell(`${isTrue ? 'ok    ' : 'FAILED'} ${sentence}`);
    if (isTrue) return;
    this.failures.push([sentence, ...detail.slice(0, 20).map((line) => `    ${line}`)].join('\n'));
    for (const line of detail.slice(0, 20)) this.#tell(`       ${line}`);
  }
}

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

    await inBrowser(publicUrlOf(options), found);
    const calm = await pay(client, { count: payments });
    tellPaid(found, 'in peace', calm, payments);
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
      tellPaid(found, 'while upgrade, restart and rollback went on', await shoppers, meanwhile);
    }

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

/** The chart's values for this run, as `--set-json` pairs. */
function valuesOf(options: RunOptions, broker: string, tag: string): Record<string, unknown> {
  const { ingress, images } = options;
  const { defaults, kafka } = imageValues(images.registry, tag, broker);
  const scaling = {
    enabled: true,
    minReplicas: 1,
    maxReplicas: 3,
    targetCPUUtilizationPercentage: 60,
    behavior: { scaleDown: { stabilizationWindowSeconds: 15 } },
  };
  return {
    publicUrl: publicUrlOf(options),
    ingress: { enabled: true, hosts: [ingress.host], ...(ingress.className && { className: ingress.className }) },
    'defaults.image': defaults.image,
    'kafka.bundled.image': kafka?.bundled.image,
    'defaults.resources.requests': { cpu: '50m', memory: '96Mi' },
    // The simulators know what has been paid: they stay while the services change.
    'simulators.image.tag': TAGS[0],
    // The preset's grace is for people who are in a hurry; a rollout without a failed request needs the default one.
    'settings.SHUTDOWN_GRACE_MS': 10_000,
    'settings.LOG_LEVEL': 'info',
    // The load that makes the autoscalers act comes from one address.
    'settings.RATE_LIMIT_DENIALS_PER_ADDRESS': 0,
    'settings.RATE_LIMIT_REQUESTS_PER_ADDRESS': 0,
    ...Object.fromEntries(SCALED.map((name) => [`services.${name}.autoscaling`, scaling])),
  };
}

const setAll = (values: Record<string, unknown>): string[] =>
  Object.entries(values).flatMap(([path, value]) => ['--set-json', `${path}=${JSON.stringify(value)}`]);

const lines = (text: string): string[] => text.trim().split('\n');

/** Every rendering of the chart's own cases is taken by the API server, strictly, without a warning of Pod Security. */
async function dryRuns(cluster: Cluster, definitions: Definitions, found: Findings): Promise<void> {
  const refused: string[] = [];
  const kinds = new Map<string, number>();
  const files = (await readdir(join(CHART, 'ci'))).filter((file) => file.endsWith('-values.yaml')).toSorted();
  const others: string[] = [];
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

/**
 * An installation whose commercetools secret is wrong fails and says why; the upgrade with the right one mends it, and its hooks put
 * the webhook endpoint in order. A second release beside the first, which uses the first one's simulators as if they were real.
 */
async function secondRelease(
  cluster: Cluster,
  client: Client,
  broker: string,
  options: RunOptions,
  found: Findings,
): Promise<void> {
  const commercetools = `http://${FULLNAME}-commercetools-simulator:8080`;
  const [secret] = (await cluster.objects('secrets')).filter(
    ({ metadata }) => metadata.name === `${FULLNAME}-simulators`,
  );
  const secretKey = Buffer.from(secret.data['stripe-secret-key'], 'base64').toString();
  const stripe = (method: string, path: string, body?: URLSearchParams) =>
    client.ask(method, `/storefront/stripe/v1/${path}`, { body, headers: { authorization: `Bearer ${secretKey}` } });
  const draft = new URLSearchParams({ url: 'https://elsewhere.example.com/', 'enabled_events[]': 'charge.refunded' });
  const { json: endpoint } = await stripe('POST', 'webhook_endpoints', draft);

  const values: Record<string, unknown> = {
    ...valuesOf(options, broker, TAGS[0]),
    ingress: { enabled: false },
    'kafka.bundled.enabled': false,
    'kafka.brokers': [`${FULLNAME}-kafka:9092`],
    commercetools: {
      projectKey: await simulatedProject(cluster),
      authUrl: commercetools,
      apiUrl: commercetools,
      sessionUrl: commercetools,
      checkoutUrl: commercetools,
      jwksUrl: `${commercetools}/.well-known/jwks.json`,
      jwtIssuer: commercetools,
      clientId: 'nobody',
      clientSecret: 'not-the-secret',
    },
    stripe: {
      publishableKey: 'pk_test_sandbox',
      apiBase: `http://${FULLNAME}-stripe-simulator:8080`,
      existingSecret: secret.metadata.name,
      existingSecretKeys: { secretKey: 'stripe-secret-key', webhookSigningSecret: 'stripe-webhook-signing-secret' },
      webhookEndpointId: endpoint.id,
    },
    'hooks.types.backoffLimit': 0,
    'hooks.webhookEndpoint.args': ['--any-api-version'],
  };
  for (const name of SCALED) values[`services.${name}.autoscaling`] = { enabled: false };
  const args = (more: Record<string, unknown> = {}) => [
    SECOND,
    CHART,
    ...['-f', join(CHART, 'values-dev.yaml')],
    ...setAll({ ...values, ...more }),
    ...WAIT,
  ];
  const { code, stderr, stdout } = await cluster.tryHelm(['install', ...args()]);
  const words = lines(stdout + stderr);
  const reason = words.find((line) => /commercetools .*401/i.test(line));
  found.check(code !== 0, 'an installation with a wrong commercetools secret fails', words);
  found.check(reason !== undefined, "helm shows the failed job's reason", words);
  found.figure('what helm says of a wrong secret', (reason ?? words.at(-1) ?? '').slice(0, 200));

  const right = {
    'commercetools.clientId': '',
    'commercetools.clientSecret': '',
    'commercetools.existingSecret': secret.metadata.name,
    'commercetools.existingSecretKeys': {
      clientId: 'commercetools-client-id',
      clientSecret: 'commercetools-client-secret',
    },
  };
  const mended = await cluster.tryHelm(['upgrade', ...args(right)]);
  found.check(mended.code === 0, 'the upgrade with the right secret mends it', lines(mended.stdout + mended.stderr));
  const { json: kept } = await stripe('GET', `webhook_endpoints/${endpoint.id}`);
  found.check(
    kept.url === `${publicUrlOf(options)}/stripe/webhooks` && kept.enabled_events.length > 5,
    `the hook gave the webhook endpoint its address and ${kept.enabled_events.length} types of events`,
    [JSON.stringify(kept)],
  );
  // Else every further event would be sent there as well.
  await stripe('DELETE', `webhook_endpoints/${endpoint.id}`);

  await cluster.helm(['uninstall', SECOND, ...WAIT]);
  const left = await cluster.untilGone((name) => !name.includes(`/${SECOND}-`), 60_000);
  found.check(left.length === 0, 'uninstalling the second release leaves nothing behind', left);
}

/** Where a browser finds the release. */
function publicUrlOf({ ingress }: RunOptions): string {
  const url = new URL(ingress.url);
  url.hostname = ingress.host;
  return url.origin;
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

function tellPaid(found: Findings, when: string, paid: Paid, wanted: number): void {
  const sorted = paid.durations.toSorted((a, b) => a - b);
  const outcomes = Object.entries(paid.outcomes).map(([outcome, count]) => `${count} ${outcome}`);
  found.figure(
    `payments ${when}`,
    `${paid.payments} (${outcomes.join(', ')}), half of them within ${Math.round(sorted[Math.floor(sorted.length / 2)] ?? 0)} ms`,
  );
  found.check(paid.payments >= wanted, `${wanted} payments were made ${when}`, paid.failures);
  found.check(paid.failures.length === 0, `every payment ${when} went through`, paid.failures);
}

const HPA_WITHIN_MS = 240_000;

/** Loads the HTTP services from outside until their autoscalers have added pods. */
async function scaled(cluster: Cluster, client: Client, found: Findings): Promise<void> {
  const { json: checkout } = await client.ask('POST', '/storefront/api/checkouts', { body: { currency: 'EUR' } });
  const known = { 'x-session-id': checkout.sessionId as string };
  const peaks = new Map<string, number>();
  const isScaled = (name: string) => (peaks.get(name) ?? 0) > 1;
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
  const told = SCALED.map((name) => `${name} 1 → ${peaks.get(name) ?? '?'}`).join(', ');
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

/** The first release's simulated project, which the second one takes for a real one. */
async function simulatedProject(cluster: Cluster): Promise<string> {
  const path = '{.spec.template.spec.containers[0].env[?(@.name=="CT_SIM_PROJECT_KEY")].value}';
  return cluster.kubectl(['get', `deploy/${FULLNAME}-commercetools-simulator`, '-o', `jsonpath=${path}`]);
}
