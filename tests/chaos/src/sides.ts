import { setTimeout as sleep } from 'node:timers/promises';
import type { Kafka } from '@connector/kafka';
import { request } from '@connector/load-tests/shop';
import type { Sandbox } from '@connector/sandbox';
import { lagOf } from './kafka-state.ts';
import type { CommercetoolsPayment, CommercetoolsTruth, StripeTruth } from './truths.ts';

/** How Stripe's events fared. */
export interface Webhooks {
  pending: number;
  delivered: number;
  attempts: number;
  failed: number;
}

interface CommercetoolsState extends CommercetoolsTruth {
  readonly payments: readonly (CommercetoolsPayment & { version: number })[];
}
type Sides = [StripeTruth & { events: number }, CommercetoolsState];

/** Everything that both sides have now. */
export const bothSides = (sandbox: Sandbox): Promise<Sides> =>
  Promise.all([
    control<Sides[0]>(sandbox, 'GET', 'stripe/state'),
    control<Sides[1]>(sandbox, 'GET', 'commercetools/state'),
  ]);

/** Asks a simulator's control plane. Throws Error on any answer but 2xx. */
export async function control<T>(sandbox: Sandbox, method: string, path: string, body?: unknown): Promise<T> {
  const { status, json, text } = await request(method, `${sandbox.url}/_sandbox/${path}`, { body });
  if (status >= 300) throw new Error(`${method} ${path} answered ${status}: ${text}`);
  return json as T;
}

/** Time that a bank debit takes, in ms: shorter than the test's patience, long enough to be overtaken by other events. */
export const SETTLE_MS = 1_500;

/**
 * At rest: no webhook waits, the ledger has handled every record, and both sides stay unchanged. Returns false when
 * that was never the case.
 */
export async function untilQuiet(
  sandbox: Sandbox,
  kafka: Kafka,
  withinMs: number,
  progress: (line: string) => void,
): Promise<boolean> {
  const deadline = Date.now() + withinMs;
  let before = '';
  for (let looks = 0; Date.now() < deadline; looks += 1) {
    await sleep(SETTLE_MS + 500);
    const { pending } = await control<Webhooks>(sandbox, 'GET', 'stripe/webhooks');
    const lag = await lagOf(kafka);
    const [stripe, commercetools] = await bothSides(sandbox);
    const versions = commercetools.payments.reduce((sum, { version }) => sum + version, 0);
    const now = `${stripe.events} ${versions}`;
    if (pending === 0 && lag === 0 && now === before) return true;
    if (looks % 5 === 0) progress(`${pending} webhooks wait, the ledger is ${lag} records behind`);
    before = now;
  }
  return false;
}
