import { setTimeout as sleep } from 'node:timers/promises';
import { compare, type Finding } from '@connector/chaos-tests/consistency-check';
import type { CommercetoolsTruth, StripeTruth } from '@connector/chaos-tests/truths';
import type { Findings } from './findings.ts';
import type { Client } from './requests.ts';

/** One payment by shopper, enabler and Stripe.js, through the ingress. Returns the outcome that the shopper sees. */
async function payOnce(client: Client): Promise<string> {
  const { json: checkout } = await client.ask('POST', '/storefront/api/checkouts', { body: { currency: 'EUR' } });
  const headers = { 'x-session-id': checkout.sessionId as string };
  await client.ask('GET', '/operations/config', { headers });
  await client.ask('GET', '/config-element/payment', { headers });
  const { json: opened } = await client.ask('GET', '/payments', { headers });
  const paymentIntent = (opened.sClientSecret as string).split('_secret_')[0];
  const card = { card: '4242424242424242' };
  await client.ask('POST', `/_sandbox/stripe/payment_intents/${paymentIntent}/pay`, { body: card });
  const path = `/confirmPayments/${opened.paymentReference}`;
  const { json: confirmed } = await client.ask('POST', path, { headers, body: { paymentIntent } });
  return confirmed.outcome as string;
}

export interface Paid {
  payments: number;
  /** By what the shopper was told. */
  readonly outcomes: Record<string, number>;
  readonly failures: string[];
  /** Of each payment, in ms. */
  readonly durations: number[];
}

/** Pays `count` times, `concurrency` at once, and continues while `isNeeded` returns true. */
export async function pay(
  client: Client,
  { count, concurrency = 6, isNeeded = () => false }: { count: number; concurrency?: number; isNeeded?: () => boolean },
): Promise<Paid> {
  const paid: Paid = { payments: 0, outcomes: {}, failures: [], durations: [] };
  let begun = 0;
  const shopper = async () => {
    while (begun < count || isNeeded()) {
      begun += 1;
      const began = performance.now();
      try {
        const outcome = await payOnce(client);
        paid.outcomes[outcome] = (paid.outcomes[outcome] ?? 0) + 1;
        paid.payments += 1;
        paid.durations.push(performance.now() - began);
      } catch (error) {
        paid.failures.push((error as Error).message);
        // A request that fails at once must not be repeated a thousand times a second.
        await sleep(1_000);
      }
    }
  };
  await Promise.all(Array.from({ length: concurrency }, shopper));
  return paid;
}

export interface Truth {
  readonly stripe: StripeTruth & { readonly events: number };
  readonly commercetools: CommercetoolsTruth & { readonly types: readonly { key: string }[] };
  readonly webhooks: { readonly pending: number; readonly attempts: number; readonly delivered: number };
}

export async function truthOf(client: Client): Promise<Truth> {
  const [stripe, commercetools, webhooks] = await Promise.all(
    ['stripe/state', 'commercetools/state', 'stripe/webhooks'].map(
      async (path) => (await client.ask('GET', `/_sandbox/${path}`)).json,
    ),
  );
  return { stripe, commercetools, webhooks };
}

/** Waits until no webhook waits and both sides agree; returns the differences when they never do. */
export async function untilAgreed(client: Client, withinMs: number): Promise<{ truth: Truth; findings: Finding[] }> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const truth = await truthOf(client);
    const findings = compare(truth.stripe, truth.commercetools);
    if ((findings.length === 0 && truth.webhooks.pending === 0) || Date.now() > deadline) return { truth, findings };
    await sleep(1_000);
  }
}

export function reportPaid(found: Findings, when: string, paid: Paid, wanted: number): void {
  const sorted = paid.durations.toSorted((a, b) => a - b);
  const outcomes = Object.entries(paid.outcomes).map(([outcome, count]) => `${count} ${outcome}`);
  found.figure(
    `payments ${when}`,
    `${paid.payments} (${outcomes.join(', ')}), half of them within ${Math.round(sorted[Math.floor(sorted.length / 2)] ?? 0)} ms`,
  );
  found.check(paid.payments >= wanted, `${wanted} payments were made ${when}`, paid.failures);
  found.check(paid.failures.length === 0, `every payment ${when} went through`, paid.failures);
}
