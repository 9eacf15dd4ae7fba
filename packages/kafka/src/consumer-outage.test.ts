import type { EventRecord } from '@connector/contracts';
import { TransientError } from '@connector/errors';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createConsumer, type Delivery } from './consumer.ts';
import type { DependencyOptions } from './dependencies.ts';
import type { Producer } from './producer.ts';
import { fakeKafka } from './testing/fake-kafka.ts';

/** How much later each try of a failing message is, by the clock: every few tries are more than its 15 minutes. */
const BETWEEN_TRIES_MS = 10 * 60_000;
const TRIES = 20;

const stripeAway = () => new TransientError('Stripe does not answer', { reason: 'timeout', dependency: 'stripe' });
const keyRolled = () => new TransientError('Stripe answered 401', { reason: 'unauthorized', dependency: 'stripe' });
const shopAway = () => new TransientError('503', { reason: 'server_error', dependency: 'commercetools' });

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] });
});
afterEach(() => {
  vi.useRealTimers();
});

interface Outage {
  error: () => Error;
  probes: Partial<Record<'stripe' | 'commercetools', boolean>>;
  /** With whose help other messages are handled meanwhile. */
  othersNeed: readonly string[];
}

/** Lets `pi_failing` fail time and again while others are handled, and answers with what became of it. */
async function outage({ error, probes, othersNeed }: Outage) {
  const { kafka, made } = fakeKafka();
  const dead: EventRecord[] = [];
  const producer = { send: async (_topic: string, record: EventRecord) => void dead.push(record) };
  const probe = (name: 'stripe' | 'commercetools'): DependencyOptions => ({
    name,
    neededByAll: name === 'commercetools',
    probe: async () => probes[name] ?? true,
  });
  let others = 0;
  let tries = 0;
  const handle = async ({ key }: Delivery) => {
    if (key !== 'pi_failing') {
      others += 1;
      return othersNeed;
    }
    tries += 1;
    vi.setSystemTime(Date.now() + BETWEEN_TRIES_MS);
    await made[0]?.receives(`pi_other_${tries}`);
    throw error();
  };
  const consumer = createConsumer(kafka, {
    groupId: 'ledger',
    topic: 'payments.events',
    deadLetterTopic: 'payments.events.dlq',
    producer: producer as unknown as Producer,
    retry: { baseMs: 1, capMs: 1 },
    dependencies: [probe('commercetools'), probe('stripe')],
    handle,
  });
  await consumer.start?.();
  await vi.waitFor(() => expect(made[0]?.ran).toBe(1));
  made[0]?.joins();
  await made[0]?.receives('pi_failing');
  await vi.waitFor(() => expect(tries >= TRIES || dead.length > 0).toBe(true), { timeout: 5_000 });
  await vi.waitFor(() => expect(others).toBeGreaterThanOrEqual(Math.min(tries, TRIES) - 1));
  await consumer.stop?.();
  return { tries, reasons: dead.map(({ headers }) => headers['dlq-reason']) };
}

it.each<[string, Outage]>([
  [
    'Stripe is away and commercetools works',
    { error: stripeAway, probes: { stripe: false }, othersNeed: ['commercetools'] },
  ],
  [
    'Stripe refuses our key, if only for what this message needs',
    { error: keyRolled, probes: { stripe: true }, othersNeed: ['commercetools', 'stripe'] },
  ],
  [
    'commercetools is away and events that need neither are done',
    { error: shopAway, probes: { commercetools: false }, othersNeed: [] },
  ],
])('waits for as long as it lasts when %s', async (_when, given) => {
  expect(await outage(given)).toEqual({ tries: expect.any(Number), reasons: [] });
});

it.each<[string, Outage]>([
  [
    'Stripe works for other messages',
    { error: stripeAway, probes: { stripe: false }, othersNeed: ['commercetools', 'stripe'] },
  ],
  ['a call of its own tells that Stripe works', { error: stripeAway, probes: { stripe: true }, othersNeed: [] }],
])('becomes a dead letter after 15 minutes when %s', async (_when, given) => {
  const { tries, reasons } = await outage(given);
  expect(reasons).toEqual(['transient_exhausted']);
  expect(tries).toBeLessThan(5);
});
