import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from './cluster.ts';
import { type Findings, lines } from './findings.ts';
import { SCALED } from './release.ts';
import type { Client } from './requests.ts';
import { seconds } from './shell.ts';

const WITHIN_MS = 240_000;

/** Loads the HTTP services from outside until their autoscalers have added pods. */
export async function scaled(cluster: Cluster, client: Client, found: Findings): Promise<void> {
  const load = await loadOf(client);
  const peaks = new Map<string, number>();
  const isScaled = (name: string) => (peaks.get(name) ?? 0) > 2;
  let isOver = false;
  const began = performance.now();
  const loading = SCALED.flatMap((name) =>
    Array.from({ length: 4 }, async () => {
      while (!isOver && !isScaled(name)) await load[name]().catch(() => sleep(100));
    }),
  );
  while (performance.now() - began < WITHIN_MS && !SCALED.every(isScaled)) {
    await sleep(3_000);
    for (const { metadata, status } of await cluster.objects('hpa')) {
      const name = metadata.labels['app.kubernetes.io/component'];
      peaks.set(name, Math.max(peaks.get(name) ?? 0, status.currentReplicas ?? 0, status.desiredReplicas ?? 0));
    }
  }
  isOver = true;
  await Promise.all(loading);
  const grown = SCALED.map((name) => `${name} 2 → ${peaks.get(name) ?? '?'}`).join(', ');
  found.figure('autoscaled under load', `${grown}, after ${seconds(performance.now() - began)}`);
  const idle = SCALED.filter((name) => !isScaled(name));
  found.check(
    idle.length === 0,
    'the autoscalers added pods to every HTTP service',
    idle.length ? lines(await cluster.kubectl(['get', 'hpa'])) : [],
  );
}

/** One request to each service that uses processor time and changes nothing. */
async function loadOf(client: Client): Promise<Record<(typeof SCALED)[number], () => Promise<unknown>>> {
  const { json: checkout } = await client.ask('POST', '/storefront/api/checkouts', { body: { currency: 'EUR' } });
  const known = { 'x-session-id': checkout.sessionId as string };
  return {
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
}
