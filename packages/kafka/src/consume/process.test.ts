import type { EventRecord } from '@connector/contracts';
import { TransientError } from '@connector/errors';
import { createLogger } from '@connector/telemetry';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Delivery } from './delivery.ts';
import { Dependencies, type DependencyOptions } from './dependencies.ts';
import { GroupGeneration } from './group-generation.ts';
import { KeyedQueue } from './keyed-queue.ts';
import { ReceivedMessage } from './message.ts';
import { type ProcessContext, processWithRetry } from './process.ts';

/** How much later each try of a failing message is, by the clock: a few tries take more than the 15 minutes. */
const BETWEEN_TRIES_MS = 10 * 60_000;
const TRIES = 20;

const stripeAway = () => new TransientError('Stripe does not answer', { reason: 'timeout', dependency: 'stripe' });
const keyRolled = () => new TransientError('Stripe answered 401', { reason: 'unauthorized', dependency: 'stripe' });
const atLimit = () => new TransientError('Stripe answered 429', { reason: 'rate_limited', dependency: 'stripe' });
const shopAway = () => new TransientError('503', { reason: 'server_error', dependency: 'commercetools' });

beforeEach(() => {
  generation = new GroupGeneration(1, [0]);
  vi.useFakeTimers({ toFake: ['Date'] });
});
afterEach(() => {
  vi.useRealTimers();
});

interface Outage {
  error: () => Error;
  probes: Partial<Record<'stripe' | 'commercetools', boolean>>;
  /** The dependencies that help with the other messages meanwhile. */
  othersNeed: readonly string[];
}

let generation: GroupGeneration;
let offset = 0;
const messageOf = (key: string, id = key) => {
  const headers = { ce_specversion: '1.0', ce_id: id, ce_source: '/test', ce_type: 'test', ce_time: '2026-11-27' };
  const at = String(offset++);
  const raw = { key: Buffer.from(key), value: Buffer.from('{}'), offset: at, timestamp: '0', headers, attributes: 0 };
  const of = { topic: 'payments.events', partition: 0, offset: at, key, value: raw.value, headers };
  const delivery = { ...of, receivedAt: new Date(0), isAssigned: () => generation.isAssigned };
  return new ReceivedMessage(raw, delivery, generation, new AbortController().signal);
};

const contextOf = (dependencies: Dependencies): Omit<ProcessContext, 'handle'> => ({
  unknownErrorAttempts: 5,
  parkLimitMs: 15 * 60_000,
  retry: { baseMs: 1, capMs: 1 },
  dependencies,
  queue: new KeyedQueue(8),
  hooks: {},
  log: createLogger('test', 'silent'),
  producer: { send: async () => {} },
  deadLetterTopic: 'payments.events.dlq',
  groupId: 'ledger',
  clientId: 'test',
  appVersion: '',
  parked: new Set(),
});

/** Lets `pi_failing` fail repeatedly while other messages are handled, and returns what became of it. */
async function outage({ error, probes, othersNeed }: Outage) {
  const dead: EventRecord[] = [];
  const probe = (name: 'stripe' | 'commercetools'): DependencyOptions => ({
    name,
    neededByAll: name === 'commercetools',
    probe: async () => probes[name] ?? true,
  });
  let others = 0;
  let tries = 0;
  const context: ProcessContext = {
    ...contextOf(new Dependencies([probe('commercetools'), probe('stripe')], { onChange: () => {} })),
    producer: { send: async (_topic, record) => void dead.push(record) },
    handle: async ({ key }: Delivery) => {
      if (key !== 'pi_failing') {
        others += 1;
        return othersNeed;
      }
      tries += 1;
      vi.setSystemTime(Date.now() + BETWEEN_TRIES_MS);
      await processWithRetry(messageOf(`pi_other_${tries}`), context);
      if (tries === TRIES) generation.end();
      throw error();
    },
  };
  const outcome = await processWithRetry(messageOf('pi_failing'), context);
  return { outcome, others, tries, reasons: dead.map(({ headers }) => headers['dlq-reason']) };
}

it.each<[string, Outage]>([
  [
    'Stripe is away and commercetools works',
    { error: stripeAway, probes: { stripe: false }, othersNeed: ['commercetools'] },
  ],
  [
    'Stripe refuses our key, even if only for this message',
    { error: keyRolled, probes: { stripe: true }, othersNeed: ['commercetools', 'stripe'] },
  ],
  [
    'the limit of Stripe is reached, although other messages succeed',
    { error: atLimit, probes: { stripe: true }, othersNeed: ['commercetools', 'stripe'] },
  ],
  [
    'commercetools is away, and messages that need neither are handled',
    { error: shopAway, probes: { commercetools: false }, othersNeed: [] },
  ],
])('is retried without end when %s', async (_when, given) => {
  expect(await outage(given)).toMatchObject({ outcome: 'abandoned', tries: TRIES, reasons: [] });
});

it.each<[string, Outage]>([
  [
    'Stripe works for other messages',
    { error: stripeAway, probes: { stripe: false }, othersNeed: ['commercetools', 'stripe'] },
  ],
  ['a check of its own shows that Stripe works', { error: stripeAway, probes: { stripe: true }, othersNeed: [] }],
])('becomes a dead letter after 15 minutes when %s', async (_when, given) => {
  const { outcome, tries, reasons } = await outage(given);
  expect(outcome).toBe('dead_lettered');
  expect(reasons).toEqual(['transient_exhausted']);
  expect(tries).toBeLessThan(5);
});

it('a message whose partition is revoked before its first try does not wait for the end of an outage', async () => {
  const dependencies = new Dependencies([{ name: 'commercetools', neededByAll: true }], {
    failures: 1,
    keys: 1,
    onChange: () => {},
  });
  dependencies.failed('commercetools', 'pi_1');
  const message = messageOf('pi_2');
  generation.end();
  const handle = vi.fn();
  const outcome = processWithRetry(message, { ...contextOf(dependencies), handle });
  // A turn of the event loop is shorter than any probe.
  const turn = new Promise((resolve) => setImmediate(resolve, 'waits'));
  expect(await Promise.race([outcome, turn])).toBe('abandoned');
  expect(handle).not.toHaveBeenCalled();
});

it('shows a message the waiting ones of its key, without those that must be abandoned', async () => {
  const context = contextOf(new Dependencies([], { onChange: () => {} }));
  const seen: string[][] = [];
  const handle = async ({ offset: own, behind }: Delivery) => {
    seen.push([own, ...behind().map(({ headers }) => headers.ce_id ?? '')]);
    return [];
  };
  const receive = (message: ReceivedMessage) => {
    const work = async () => void (await processWithRetry(message, { ...context, handle }));
    context.queue.append('pi_1', message, work);
    return message.delivery.offset;
  };
  const [revoked, assigned] = [new GroupGeneration(0, [0]), generation];
  const first = receive(messageOf('pi_1', 'first'));
  generation = revoked;
  receive(messageOf('pi_1', 'revoked'));
  generation = assigned;
  const second = receive(messageOf('pi_1', 'second'));
  const third = receive(messageOf('pi_1', 'third'));
  revoked.end();
  await context.queue.idle();
  expect(seen).toEqual([[first, 'second', 'third'], [second, 'third'], [third]]);
});
