import { setTimeout as sleep } from 'node:timers/promises';
import { atOnce, costOf } from './load.ts';
import type { Plan } from './part.ts';
import type { Rig, Running } from './rig.ts';
import { call, done, type Shoppers } from './shoppers.ts';

/** What one payment takes from its cart to rest, Stripe's webhooks included: the unit of the capacity model. */
export interface WholePayment {
  /** Processor time of each service, in ms. */
  readonly cpuMs: {
    readonly intent: number;
    readonly sessionAuth: number;
    readonly webhookIngest: number;
    readonly ledger: number;
  };
  /** Calls of the services. */
  readonly commercetoolsCalls: number;
  readonly stripeCalls: number;
  readonly ledgerCommercetoolsCalls: number;
  readonly webhooks: number;
  readonly ledgerEvents: number;
}

export const setWebhooks = (rig: Rig, settings: object) =>
  done(
    call('PUT', `${rig.stripe}/_sandbox/webhooks`, { 'content-type': 'application/json' }, JSON.stringify(settings)),
  );

interface Services {
  readonly intent: Running;
  readonly sessionAuth: Running;
  readonly ingest: Running;
  readonly ledger: Running;
}

const CALLS = 'stripe_connector_api_request_duration_seconds_count';
const AT_ONCE = 16;

/** Some hundred payments with latencies, and everything that they cause until nothing moves any more. */
export async function wholePayment(
  rig: Rig,
  { quick, latencies }: Plan,
  { intent, sessionAuth, ingest, ledger }: Services,
  shoppers: Shoppers,
): Promise<WholePayment> {
  const payments = quick ? 60 : 400;
  await setWebhooks(rig, { paused: false });
  await rig.slow(latencies);
  const counts = async () => {
    const calls = async (api: string) =>
      (await Promise.all([intent, sessionAuth, ledger].map((service) => service.count(CALLS, `api="${api}"`)))).reduce(
        (sum, each) => sum + each,
        0,
      );
    return {
      commercetoolsCalls: await calls('commercetools'),
      stripeCalls: await calls('stripe'),
      ledgerCommercetoolsCalls: await ledger.count(CALLS, 'api="commercetools"'),
      webhooks: await ingest.count('stripe_connector_webhook_events_total', 'outcome="accepted"'),
      ledgerEvents: await ledger.count('stripe_connector_ledger_events_total'),
    };
  };
  const rest = async () => {
    for (let before = -1, now = 0; before !== now; ) {
      before = now;
      await sleep(1_500);
      now = await ledger.count('stripe_connector_ledger_events_total');
    }
  };
  await rest();
  const before = await counts();
  const pids = [intent.pid, sessionAuth.pid, ingest.pid, ledger.pid];
  const { cpuMs } = await costOf(pids, async () => {
    await atOnce(AT_ONCE, payments, async () => {
      for (const paid of await shoppers.paid(1)) await shoppers.confirm(paid);
    });
    await rest();
  });
  const after = await counts();
  const each = (at: number) => (cpuMs[at] as number) / payments;
  const grown = (name: keyof typeof before) => (after[name] - before[name]) / payments;
  return {
    cpuMs: { intent: each(0), sessionAuth: each(1), webhookIngest: each(2), ledger: each(3) },
    commercetoolsCalls: grown('commercetoolsCalls'),
    stripeCalls: grown('stripeCalls'),
    ledgerCommercetoolsCalls: grown('ledgerCommercetoolsCalls'),
    webhooks: grown('webhooks'),
    ledgerEvents: grown('ledgerEvents'),
  };
}
