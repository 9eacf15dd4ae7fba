import { toRecord } from '@connector/contracts';
import { chargeOf, METADATA_OF_OURS, paymentIntent, type StripeEvent, stripeEvent } from '@connector/testing';
import { expect, it } from 'vitest';
import { messageOf } from '../testing/messages.ts';
import { waitingEvents } from './waiting-events.ts';

const { ct_project_key: PROJECT } = METADATA_OF_OURS;
const intent = paymentIntent({ status: 'succeeded', amount_received: 10_000 });
const receivedAt = new Date(0);

const waiting = (event: StripeEvent) => {
  const { attributes } = messageOf(event);
  return { ...toRecord(intent.id, attributes, event), receivedAt };
};
const charged = waiting(stripeEvent('charge.succeeded', chargeOf(intent)));
const succeeded = waiting(stripeEvent('payment_intent.succeeded', intent));
const typesOf = (events: ReturnType<typeof waitingEvents>) => [...events.keys()].map(({ type }) => type);

it('reads the events that wait, and when Kafka got each', () => {
  const events = waitingEvents([charged, succeeded], PROJECT);
  expect(typesOf(events)).toEqual(['charge.succeeded', 'payment_intent.succeeded']);
  expect([...events.values()]).toEqual([receivedAt, receivedAt]);
});

it.each([
  ['cannot be read', { ...charged, value: Buffer.from('{') }],
  ['has no CloudEvents attributes', { ...charged, headers: {} }],
  ['is of another project', { ...charged, headers: { ...charged.headers, ce_ctproject: 'another' } }],
])('ends before a message that %s, without a failure', (_what, message) => {
  expect(typesOf(waitingEvents([succeeded, message, succeeded], PROJECT))).toEqual(['payment_intent.succeeded']);
});

it('reads ten at most', () => {
  expect(
    waitingEvents(
      Array.from({ length: 50 }, () => charged),
      PROJECT,
    ).size,
  ).toBe(10);
});
