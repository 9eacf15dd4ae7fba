import { execFile } from 'node:child_process';
import { join } from 'node:path';
import type { TestSystem } from '@connector/e2e-tests/test-system';
import { PINNED_NODE, REPOSITORY } from '@connector/sandbox';
import { vi } from 'vitest';
import { EUR, type Flow, operate, PATIENTLY, paid } from './flow.ts';

interface Run {
  readonly args?: readonly string[];
  readonly env?: Record<string, string>;
  /** Exit codes that are as wanted; default 0. */
  readonly codes?: readonly number[];
}

/** Runs a service's command as an operator does, with the services' settings. Answers its standard output. */
function command(
  system: TestSystem,
  service: string,
  name: string,
  { args = [], env = {}, codes = [0] }: Run = {},
): Promise<string> {
  const cwd = join(REPOSITORY, 'services', service);
  const options = {
    cwd,
    env: { ...process.env, ...system.sandbox.env, ...env },
    timeout: 120_000,
    maxBuffer: 16_000_000,
  };
  return new Promise((resolve, reject) => {
    execFile(PINNED_NODE, [`dist/commands/${name}.js`, ...args], options, (error, stdout, stderr) => {
      const code = error ? Number(error.code) : 0;
      if (codes.includes(code)) resolve(stdout);
      else reject(new Error(`${name} ${args.join(' ')} ended with ${error?.code}:\n${stdout}\n${stderr}`));
    });
  });
}

/** Pays a cart that nobody orders; resolves once commercetools shows the charge. */
async function paidWithoutOrder(system: TestSystem): Promise<string> {
  const { payment } = await paid(system, {});
  await vi.waitUntil(async () => {
    const { transactions } = await system.merchant<{ transactions: { type: string }[] }>('GET', `/payments/${payment}`);
    return transactions.some(({ type }) => type === 'Charge');
  }, PATIENTLY);
  return payment;
}

/** The address that a merchant's connector has; nothing answers there. */
const PUBLIC_URL = 'https://connector.example';

/** Each command of an operator's; those that only know Kafka have nothing to be held against. */
export const COMMANDS: readonly Flow[] = [
  {
    name: 'doctor, of everything and of a few things',
    run: async (system) => {
      // Some of its advice is about a real account.
      await command(system, 'intent', 'doctor', { args: ['--json'], codes: [0, 1] });
      await command(system, 'intent', 'doctor', { args: ['--only', 'commercetools,stripe'], codes: [0, 1] });
    },
  },
  {
    name: 'ensure-types, twice',
    run: async (system) => {
      for (const _twice of [1, 2]) await command(system, 'intent', 'ensure-types');
    },
  },
  {
    name: "reconcile: Stripe's list of events",
    run: async (system) => {
      await paid(system, {});
      await command(system, 'webhook-ingest', 'reconcile', { args: ['--json'] });
      await command(system, 'webhook-ingest', 'reconcile', { args: ['--undelivered-only', '--dry-run'] });
    },
  },
  {
    name: 'reconcile-pending, with what the comparison finds',
    run: async (system) => {
      await paid(system, { iban: 'DE89370400440532013000' });
      const args = ['--older-than', '0s', '--since', '1h', '--repair', '--json'];
      await command(system, 'ledger', 'reconcile-pending', { args });
    },
  },
  {
    name: 'audit, and its repair',
    run: async (system) => {
      const { payment } = await paid(system, {}, { country: 'NL' });
      await operate(system, payment, { action: 'capturePayment', amount: EUR(2400) });
      await operate(system, payment, { action: 'refundPayment', amount: EUR(400) });
      const window = ['--since', '1h', '--until', '0s'];
      // Money of the last seconds may still be on its way.
      await command(system, 'ledger', 'audit', { args: [...window, '--csv'], codes: [0, 1, 2] });
      await command(system, 'ledger', 'audit', { args: [...window, '--repair', '--json'], codes: [0, 1, 2] });
    },
  },
  {
    name: 'unordered: what is paid and has no order is listed, then ordered',
    run: async (system) => {
      const payment = await paidWithoutOrder(system);
      await command(system, 'ledger', 'unordered', { args: ['--after', '0s', '--json'] });
      await command(system, 'ledger', 'unordered', {
        args: ['--after', '0s', '--settle', 'create', '--limit', '1000'],
      });
      const { orders } = await system.commercetools.state();
      if (!JSON.stringify(orders).includes(payment)) throw new Error(`payment ${payment} has no order`);
    },
  },
  {
    name: 'unordered: what is paid and has no order is given back',
    run: async (system) => {
      const payment = await paidWithoutOrder(system);
      const env = { INTENT_URL: system.sandbox.urls.intent };
      const args = ['--after', '0s', '--settle', 'return', '--limit', '1000'];
      await command(system, 'ledger', 'unordered', { args, env });
      await vi.waitUntil(
        async () => JSON.stringify(await system.merchant('GET', `/payments/${payment}`)).includes('Refund'),
        PATIENTLY,
      );
    },
  },
  {
    name: 'explain, by each id of a payment',
    run: async (system) => {
      const { payment, cart, paymentIntent } = await paid(system, {});
      const { id: refund } = await system.stripeCall('/refunds', { payment_intent: paymentIntent, amount: '100' });
      for (const id of [payment, cart, paymentIntent, refund])
        await command(system, 'ledger', 'explain', { args: [id, '--json'], codes: [0, 1] });
    },
  },
  {
    name: 'setup of the webhook endpoint, its rotation given up, its upkeep and its end',
    run: async (system) => {
      // Nothing is to happen at Stripe while an endpoint is there that nobody answers at.
      const { controls } = system.stripe;
      controls.advanceClock(60_000);
      await vi.waitUntil(() => controls.webhooks.pending === 0, PATIENTLY);
      const url = ['--url', PUBLIC_URL];
      for (const args of [[...url, '--dry-run'], url, [...url, '--rotate'], [...url, '--abort-rotation']])
        await command(system, 'webhook-ingest', 'setup', { args, codes: [0, 1] });
      const upkeep = { args: [...url, '--force', '--wait', '0'], codes: [0, 1] };
      await command(system, 'webhook-ingest', 'ensure-webhook-endpoint', upkeep);
      await command(system, 'webhook-ingest', 'purge', { args: url });
    },
  },
];
