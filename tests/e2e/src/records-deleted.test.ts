import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PAYMENT_EVENTS } from '@connector/contracts';
import { REPOSITORY, type Sandbox, startSandbox } from '@connector/sandbox';
import { connectKafka } from '@connector/sandbox/kafka/topics';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { each, hasCharge, paymentIntentOf, range, Shopper, summary } from './shopper.ts';

// A system of its own: what is deleted from Kafka here is deleted for all.

let sandbox: Sandbox;
let shopper: Shopper;
beforeAll(async () => {
  sandbox = await startSandbox({ port: 0 });
  shopper = new Shopper(sandbox.url);
});
afterAll(() => sandbox?.stop());

const pay = async (): Promise<string> => {
  const open = await shopper.open(await shopper.checkout());
  await shopper.pay(paymentIntentOf(open.sClientSecret));
  return open.paymentReference;
};

/** As retention does, all at once. Answers how many records there were. */
async function deleteEverything(): Promise<number> {
  const admin = connectKafka(sandbox.env).client.admin();
  await admin.connect();
  try {
    const ends = await admin.fetchTopicOffsets(PAYMENT_EVENTS);
    const partitions = ends.map(({ partition, high }) => ({ partition, offset: high }));
    await admin.deleteTopicRecords({ topic: PAYMENT_EVENTS, partitions });
    return ends.reduce((sum, { high, low }) => sum + Number(high) - Number(low), 0);
  } finally {
    await admin.disconnect();
  }
}

async function metric(service: 'ledger' | 'webhook-ingest', name: string): Promise<number> {
  const text = await (await fetch(`${sandbox.adminUrls[service]}/metrics`)).text();
  const samples = text.split('\n').filter((line) => line.startsWith(`stripe_connector_${name}`));
  return samples.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

/** The scheduled job; answers its summary. */
async function reconcile(): Promise<{ requests: number; complete: boolean }> {
  const { stdout } = await promisify(execFile)(process.execPath, ['dist/commands/reconcile.js', '--json'], {
    cwd: join(REPOSITORY, 'services/webhook-ingest'),
    env: { ...process.env, ...sandbox.env },
  });
  return JSON.parse(stdout);
}

it('brings back from Stripe what was deleted from Kafka while the ledger stood still, and says so', async () => {
  const before = await each(range(4), 4, pay);
  await each(before, 4, (id) => shopper.until(id, hasCharge));
  // The schedule has passed: what follows is behind its checkpoint.
  expect(await reconcile()).toMatchObject({ requests: 0, complete: true });

  await sandbox.stopService('ledger');
  const paid = await each(range(8), 4, pay);
  await expect.poll(() => shopper.call('GET', '/_sandbox/stripe/webhooks').then(({ json }) => json.pending)).toBe(0);
  await reconcile();
  expect(await deleteEverything()).toBeGreaterThan(16);
  await sandbox.startService('ledger');

  await expect.poll(() => metric('ledger', 'consumer_records_deleted_total')).toBeGreaterThan(16);
  expect(await sandbox.logs('ledger')).toContain('messages were deleted before they were handled');
  const lost = await each(paid, 4, (id) => shopper.payment(id));
  expect(lost.filter(hasCharge)).toEqual([]);

  expect(await reconcile()).toMatchObject({ complete: true, requests: expect.toSatisfy((count: number) => count > 0) });
  const booked = await each(paid, 4, (id) => shopper.until(id, hasCharge));
  expect(booked.map((payment) => summary(payment).toSorted())).toEqual(
    booked.map(() => ['Authorization:Success 2400', 'Charge:Success 2400']),
  );
  // Done is done: the next run has nothing more to serve.
  expect(await reconcile()).toMatchObject({ requests: 0, complete: true });
}, 180_000);
