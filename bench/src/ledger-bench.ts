import { setTimeout as sleep } from 'node:timers/promises';
import { PAYMENT_EVENTS, PAYMENT_EVENTS_DLQ } from '@connector/contracts';
import kafkajs from 'kafkajs';
import { Agent, request as call } from 'undici';
import { type PreparedPayment, postWebhook, preparePayments, recordOf, tokenOf } from './payments.ts';
import { PROJECT, processorTime, type Rig, resourcesOf } from './rig.ts';
import { request } from './shop.ts';

const HANDLED = 'stripe_connector_ledger_events_total';

export interface Drain {
  readonly events: number;
  readonly payments: number;
  readonly seconds: number;
  readonly eventsPerSecond: number;
  readonly callsPerEvent: number;
  /** Calls to commercetools in a second: the ledger's, and those of a bare loop with as many connections just before and after. */
  readonly callsPerSecond: number;
  readonly floorCallsPerSecond: number;
  /** The ledger's calls against the floor's. */
  readonly ratio: number;
  readonly peakRssMb: number;
  /** At a quarter, half, three quarters and the end of the drain, in MB. */
  readonly rssMb: readonly number[];
  readonly cpuMsPerEvent: number;
  /** How many of the machine's cores other work had meanwhile: what the figures above were short of. */
  readonly coresOfOthers: number;
}

export interface DrainOptions {
  readonly payments: number;
  readonly concurrency: number;
  readonly latencyMs: number;
  /** Options of Node for the ledger's process, such as --cpu-prof. */
  readonly node?: readonly string[];
}

/** Fills the topic with both events of each payment while no ledger runs, then starts one and watches it catch up. */
export async function drain(rig: Rig, { payments: count, concurrency, latencyMs, node }: DrainOptions): Promise<Drain> {
  const payments = await preparePayments(rig, count);
  await produce(rig, payments);
  const events = 2 * count;
  await rig.commercetoolsFaults([{ latencyMs }]);
  const floorBefore = await floor(rig, payments, concurrency);
  const loggedBefore = await callsAt(rig);

  const ledger = await rig.start('ledger', { LEDGER_CONCURRENCY: String(concurrency) }, node);
  const rss: number[] = [];
  const startCpu = (await resourcesOf(ledger.pid)).cpuSeconds;
  const before = await processorTime(rig.pids());
  const beganToWatch = performance.now();
  let began = performance.now();
  let handled = 0;
  for (let first = -1; handled < events; ) {
    await sleep(100);
    handled = await ledger.count(HANDLED);
    if (first < 0 && handled > 0) {
      first = handled;
      began = performance.now();
    } else if (first < 0) began = performance.now();
    rss.push((await resourcesOf(ledger.pid)).rssMb);
  }
  const seconds = (performance.now() - began) / 1000;
  const { peakRssMb, cpuSeconds } = await resourcesOf(ledger.pid);
  const after = await processorTime(rig.pids());
  const usedByOthers = after.all - before.all - (after.theirs - before.theirs);
  const coresOfOthers = usedByOthers / ((performance.now() - beganToWatch) / 1000);
  const calls = (await callsAt(rig)) - loggedBefore;
  await ledger.kill();
  const floorAfter = await floor(rig, payments, concurrency);
  await rig.commercetoolsFaults([]);
  const floorCallsPerSecond = (floorBefore + floorAfter) / 2;
  const callsPerSecond = calls / seconds;
  const quarter = (share: number) => Math.round(rss[Math.ceil(rss.length * share) - 1] ?? 0);
  return {
    events,
    payments: count,
    seconds,
    eventsPerSecond: events / seconds,
    callsPerEvent: calls / events,
    callsPerSecond,
    floorCallsPerSecond,
    ratio: callsPerSecond / floorCallsPerSecond,
    peakRssMb,
    rssMb: [quarter(0.25), quarter(0.5), quarter(0.75), quarter(1)],
    coresOfOthers,
    cpuMsPerEvent: ((cpuSeconds - startCpu) * 1000) / events,
  };
}

/** As the webhooks of a busy hour come: the two events of a payment near each other, among those of others. */
async function produce(rig: Rig, payments: readonly PreparedPayment[]): Promise<void> {
  const near = 50;
  const events = payments.flatMap(({ paymentIntentId, chargeSucceeded, paymentIntentSucceeded }, at) => [
    { at, record: recordOf(chargeSucceeded, paymentIntentId) },
    { at: at + 1 + Math.floor(Math.random() * near), record: recordOf(paymentIntentSucceeded, paymentIntentId) },
  ]);
  events.sort((a, b) => a.at - b.at);
  for (let from = 0; from < events.length; from += 1_000) {
    await Promise.all(events.slice(from, from + 1_000).map(({ record }) => rig.producer.send(PAYMENT_EVENTS, record)));
  }
}

/** What a bare loop reads with this many kept-alive connections, in calls per second over some 3 s. */
async function floor(rig: Rig, payments: readonly PreparedPayment[], connections: number): Promise<number> {
  const dispatcher = new Agent({ connections, pipelining: 1 });
  const headers = { authorization: `Bearer ${await tokenOf(rig)}` };
  let calls = 0;
  const began = performance.now();
  const until = began + 3_000;
  const read = async (from: number) => {
    for (let at = from; performance.now() < until; at += connections) {
      const { paymentId } = payments[at % payments.length] as PreparedPayment;
      const { body } = await call(`${rig.commercetools}/${PROJECT}/payments/${paymentId}`, { dispatcher, headers });
      await body.json();
      calls += 1;
    }
  };
  await Promise.all(Array.from({ length: connections }, (_, index) => read(index)));
  const seconds = (performance.now() - began) / 1000;
  await dispatcher.close();
  return calls / seconds;
}

export interface Latency {
  readonly samples: number;
  readonly p50: number;
  readonly p99: number;
}
export interface Latencies {
  readonly commercetoolsLatencyMs: number;
  /** Two calls: read the payment, write it. */
  readonly unknown: Latency;
  /** One call: the payment was written here before. */
  readonly known: Latency;
}

/** From the moment a webhook is posted to the moment commercetools has done the write, in ms, one event at a time. */
export async function latencies(rig: Rig, samples: number, latencyMs: number): Promise<Latencies> {
  const payments = await preparePayments(rig, samples + WARM_UP);
  const ledger = await rig.start('ledger');
  const ingest = await rig.start('webhook-ingest');
  await rig.commercetoolsFaults([{ latencyMs }]);
  const secret = rig.env.STRIPE_WEBHOOK_SIGNING_SECRET ?? '';
  const timed = async (payment: PreparedPayment, event: PreparedPayment['chargeSucceeded'], version: number) => {
    const began = performance.timeOrigin + performance.now();
    await postWebhook(ingest.url, event, secret);
    // Nobody looks while it happens: looking takes processor time from what is measured.
    await sleep(2 * latencyMs + 100);
    return (await writtenAt(rig, payment.paymentId, version)) - began;
  };
  const unknown: number[] = [];
  const known: number[] = [];
  for (const payment of payments) {
    unknown.push(await timed(payment, payment.chargeSucceeded, 1));
    known.push(await timed(payment, payment.paymentIntentSucceeded, 2));
  }
  await ingest.kill();
  await ledger.kill();
  await rig.commercetoolsFaults([]);
  return {
    commercetoolsLatencyMs: latencyMs,
    unknown: latencyOf(unknown.slice(WARM_UP)),
    known: latencyOf(known.slice(WARM_UP)),
  };
}

const WARM_UP = 20;

const latencyOf = (values: readonly number[]): Latency => {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
  return { samples: sorted.length, p50: at(0.5), p99: at(0.99) };
};

interface LoggedCall {
  readonly seq: number;
  readonly at: string;
  readonly ms: number;
  readonly path: string;
  readonly status: number;
}

const logOf = async (rig: Rig, query: string): Promise<LoggedCall[]> =>
  (await request('GET', `${rig.commercetools}/_sandbox/log?${query}`)).json;

/** When the simulator answered write number `nth` of a payment, in ms since the epoch. */
async function writtenAt(rig: Rig, paymentId: string, nth: number): Promise<number> {
  for (;;) {
    const writes = await logOf(rig, `method=POST&match=${paymentId}&limit=10`);
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

/** What one bad event costs the others of its partition, and whether it can be redriven once its cause is mended. */
export async function poison(rig: Rig): Promise<Poison> {
  const ledger = await rig.start('ledger');
  const pool = await inOnePartition(rig, await preparePayments(rig, 1_000));
  const take = () => pool.splice(0, 10);
  // The first events after the start pay for connections and compilation.
  await worstOf(rig, take());
  const withoutMs = await worstOf(rig, take());

  const [first] = take();
  const { paymentIntentId } = first as PreparedPayment;
  const unreadable = {
    ...recordOf((first as PreparedPayment).chargeSucceeded, paymentIntentId),
    value: Buffer.from('{"id":'),
  };
  await rig.producer.send(PAYMENT_EVENTS, unreadable);
  const unreadableMs = await worstOf(rig, take());

  const [refused] = take() as [PreparedPayment];
  await rig.commercetoolsFaults([{ match: `payments/(key=)?${keyOrId(refused)}`, status: 400 }]);
  await rig.producer.send(PAYMENT_EVENTS, recordOf(refused.chargeSucceeded, refused.paymentIntentId));
  const refusedMs = await worstOf(rig, take());

  const [failing] = take() as [PreparedPayment];
  await rig.commercetoolsFaults([{ match: `payments/(key=)?${keyOrId(failing)}`, status: 503 }]);
  await rig.producer.send(PAYMENT_EVENTS, recordOf(failing.chargeSucceeded, failing.paymentIntentId));
  const failingMs = await worstOf(rig, take());

  await rig.commercetoolsFaults([]);
  const deadLetters = await recordsIn(rig, PAYMENT_EVENTS_DLQ);
  const began = performance.now();
  await rig.run('ledger', 'redrive', ['redrive', '--event', refused.chargeSucceeded.id, '--yes', '--by', 'bench']);
  await writtenAt(rig, refused.paymentId, 1);
  const redrivenAfterMs = performance.now() - began;
  await writtenAt(rig, failing.paymentId, 1);
  await ledger.kill();
  return { withoutMs, unreadableMs, refusedMs, failingMs, deadLetters, redrivenAfterMs };
}

const keyOrId = ({ paymentId, chargeSucceeded }: PreparedPayment): string => {
  const { ct_payment_key: key } = (chargeSucceeded.data.object as { metadata: Record<string, string> }).metadata;
  return `(${paymentId}|${key})`;
};

/** Sends one event of each payment and answers how long the last one took to be in commercetools, in ms. */
async function worstOf(rig: Rig, payments: readonly PreparedPayment[]): Promise<number> {
  const began = performance.timeOrigin + performance.now();
  await Promise.all(
    payments.map((each) => rig.producer.send(PAYMENT_EVENTS, recordOf(each.chargeSucceeded, each.paymentIntentId))),
  );
  const times = await Promise.all(payments.map(({ paymentId }) => writtenAt(rig, paymentId, 1)));
  return Math.max(...times) - began;
}

/** Those whose events go to the partition that has most of them. */
async function inOnePartition(rig: Rig, payments: readonly PreparedPayment[]): Promise<PreparedPayment[]> {
  const partitionOf = kafkajs.Partitioners.DefaultPartitioner();
  const partitionMetadata = Array.from({ length: 12 }, (_, partitionId) => ({
    partitionErrorCode: 0,
    partitionId,
    leader: 1,
    replicas: [1],
    isr: [1],
  }));
  const topic = rig.kafka.prefixed(PAYMENT_EVENTS);
  const groups = Map.groupBy(payments, ({ paymentIntentId }) =>
    partitionOf({ topic, partitionMetadata, message: { key: paymentIntentId, value: null } }),
  );
  return [...groups.values()].toSorted((a, b) => b.length - a.length)[0] ?? [];
}

async function callsAt(rig: Rig): Promise<number> {
  const [last] = await logOf(rig, 'limit=1');
  return last?.seq ?? 0;
}

async function recordsIn({ kafka }: Rig, topic: string): Promise<number> {
  const admin = kafka.client.admin();
  await admin.connect();
  const partitions = await admin.fetchTopicOffsets(kafka.prefixed(topic));
  await admin.disconnect();
  return partitions.reduce((sum, { high, low }) => sum + Number(high) - Number(low), 0);
}
