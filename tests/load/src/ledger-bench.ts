import { setTimeout as sleep } from 'node:timers/promises';
import { PAYMENT_EVENTS, PAYMENT_EVENTS_DLQ } from '@connector/contracts';
import kafkajs from 'kafkajs';
import { logOf } from './call-log.ts';
import type { Environment } from './environment/environment.ts';
import { type Latency, latencyOf } from './figures.ts';
import { type PreparedPayment, postWebhook, preparePayments, recordOf } from './payments.ts';

export interface Latencies {
  readonly commercetoolsLatencyMs: number;
  /** Two calls: read the payment, write it. */
  readonly unknown: Latency;
  /** One call: the payment was written here before. */
  readonly known: Latency;
}

/** From the moment a webhook is posted to the moment commercetools has done the write, in ms, one event at a time. */
export async function latencies(environment: Environment, samples: number, latencyMs: number): Promise<Latencies> {
  const payments = await preparePayments(environment, samples + WARM_UP);
  const ledger = await environment.start('ledger');
  const ingest = await environment.start('webhook-ingest');
  await environment.commercetoolsFaults([{ latencyMs }]);
  const secret = environment.env.STRIPE_WEBHOOK_SIGNING_SECRET ?? '';
  const timed = async (payment: PreparedPayment, event: PreparedPayment['chargeSucceeded'], version: number) => {
    const began = performance.timeOrigin + performance.now();
    await postWebhook(ingest.url, event, secret);
    // Nobody looks while it happens: looking takes processor time from what is measured.
    await sleep(2 * latencyMs + 100);
    return (await writtenAt(environment, payment.paymentId, version)) - began;
  };
  const unknown: number[] = [];
  const known: number[] = [];
  for (const payment of payments) {
    unknown.push(await timed(payment, payment.chargeSucceeded, 1));
    known.push(await timed(payment, payment.paymentIntentSucceeded, 2));
  }
  await ingest.kill();
  await ledger.kill();
  await environment.commercetoolsFaults([]);
  return {
    commercetoolsLatencyMs: latencyMs,
    unknown: latencyOf(unknown.slice(WARM_UP)),
    known: latencyOf(known.slice(WARM_UP)),
  };
}

const WARM_UP = 20;

/** When the simulator answered write number `nth` of a payment, in ms since the epoch. */
async function writtenAt(environment: Environment, paymentId: string, nth: number): Promise<number> {
  for (;;) {
    const writes = await logOf(environment, `method=POST&match=${paymentId}&limit=10`);
    const done = writes.filter(({ status }) => status === 200).toSorted((a, b) => a.at.localeCompare(b.at))[nth - 1];
    if (done) return Date.parse(done.at) + done.ms;
    await sleep(10);
  }
}

export interface Poison {
  /** Worst time from produced to handled of other payments' events in the poison's partition, in ms. */
  readonly withoutMs: number;
  /** … behind an event that can never be read. */
  readonly unreadableMs: number;
  /** … behind one that commercetools refuses. */
  readonly refusedMs: number;
  /** … behind one that keeps failing with 503. */
  readonly failingMs: number;
  readonly deadLetters: number;
  /** From the redrive command's start to the transaction in commercetools, in ms. */
  readonly redrivenAfterMs: number;
}

/** What one bad event costs the others of its partition, and whether it can be redriven once its cause is fixed. */
export async function poison(environment: Environment): Promise<Poison> {
  const ledger = await environment.start('ledger');
  const pool = await inOnePartition(environment, await preparePayments(environment, 1_000));
  const take = () => pool.splice(0, 10);
  // The first events after the start pay for connections and compilation.
  await worstOf(environment, take());
  const withoutMs = await worstOf(environment, take());

  const [first] = take();
  const { paymentIntentId } = first as PreparedPayment;
  const unreadable = {
    ...recordOf((first as PreparedPayment).chargeSucceeded, paymentIntentId),
    value: Buffer.from('{"id":'),
  };
  await environment.producer.send(PAYMENT_EVENTS, unreadable);
  const unreadableMs = await worstOf(environment, take());

  const [refused] = take() as [PreparedPayment];
  await environment.commercetoolsFaults([{ match: `payments/(key=)?${keyOrId(refused)}`, status: 400 }]);
  await environment.producer.send(PAYMENT_EVENTS, recordOf(refused.chargeSucceeded, refused.paymentIntentId));
  const refusedMs = await worstOf(environment, take());

  const [failing] = take() as [PreparedPayment];
  await environment.commercetoolsFaults([{ match: `payments/(key=)?${keyOrId(failing)}`, status: 503 }]);
  await environment.producer.send(PAYMENT_EVENTS, recordOf(failing.chargeSucceeded, failing.paymentIntentId));
  const failingMs = await worstOf(environment, take());

  await environment.commercetoolsFaults([]);
  const deadLetters = await recordsIn(environment, PAYMENT_EVENTS_DLQ);
  const began = performance.now();
  await environment.run('ledger', 'redrive', [
    'redrive',
    '--event',
    refused.chargeSucceeded.id,
    '--yes',
    '--by',
    'bench',
  ]);
  await writtenAt(environment, refused.paymentId, 1);
  const redrivenAfterMs = performance.now() - began;
  await writtenAt(environment, failing.paymentId, 1);
  await ledger.kill();
  return { withoutMs, unreadableMs, refusedMs, failingMs, deadLetters, redrivenAfterMs };
}

const keyOrId = ({ paymentId, chargeSucceeded }: PreparedPayment): string => {
  const { ct_payment_key: key } = (chargeSucceeded.data.object as { metadata: Record<string, string> }).metadata;
  return `(${paymentId}|${key})`;
};

/** Sends one event of each payment and answers how long the last one took to be in commercetools, in ms. */
async function worstOf(environment: Environment, payments: readonly PreparedPayment[]): Promise<number> {
  const began = performance.timeOrigin + performance.now();
  await Promise.all(
    payments.map((each) =>
      environment.producer.send(PAYMENT_EVENTS, recordOf(each.chargeSucceeded, each.paymentIntentId)),
    ),
  );
  const times = await Promise.all(payments.map(({ paymentId }) => writtenAt(environment, paymentId, 1)));
  return Math.max(...times) - began;
}

/** Those whose events go to the partition that has most of them. */
async function inOnePartition(
  environment: Environment,
  payments: readonly PreparedPayment[],
): Promise<PreparedPayment[]> {
  const partitionOf = kafkajs.Partitioners.DefaultPartitioner();
  const partitionMetadata = Array.from({ length: 12 }, (_, partitionId) => ({
    partitionErrorCode: 0,
    partitionId,
    leader: 1,
    replicas: [1],
    isr: [1],
  }));
  const topic = environment.kafka.prefixed(PAYMENT_EVENTS);
  const groups = Map.groupBy(payments, ({ paymentIntentId }) =>
    partitionOf({ topic, partitionMetadata, message: { key: paymentIntentId, value: null } }),
  );
  return [...groups.values()].toSorted((a, b) => b.length - a.length)[0] ?? [];
}

async function recordsIn({ kafka }: Environment, topic: string): Promise<number> {
  const admin = kafka.client.admin();
  await admin.connect();
  const partitions = await admin.fetchTopicOffsets(kafka.prefixed(topic));
  await admin.disconnect();
  return partitions.reduce((sum, { high, low }) => sum + Number(high) - Number(low), 0);
}
