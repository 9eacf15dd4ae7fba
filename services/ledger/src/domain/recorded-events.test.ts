import { attributesOf, EVENTS, PAYMENT_EVENTS, STRIPE_EVENT_TYPES, STRIPE_EVENTS } from '@connector/contracts';
import { fromTheFuture, type RecordedEvent, recordedEvents } from '@connector/testing';
import { describe, expect, it } from 'vitest';
import { toMethodEvent } from './method-event.ts';
import { toPaymentEvent } from './payment-event.ts';

const events = recordedEvents();
const inbound = events.filter(({ topic }) => topic === PAYMENT_EVENTS);
const read = ({ headers, value }: RecordedEvent) => {
  const message = [attributesOf(headers), Buffer.from(value)] as const;
  return toPaymentEvent(...message) ?? toMethodEvent(...message);
};
const cases = inbound.map(
  (event) => [`${event.release}: ${event.headers.ce_type} ${event.headers.ce_id}`, event] as const,
);

/** Only the fields that a rule reads. */
const withoutUnknown = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value), (name, field) => (name === 'field_of_tomorrow' ? undefined : field));

it('there is a recording of each of our types, and of each kind of change at Stripe', () => {
  const recorded = events.map(({ headers }) => headers.ce_type ?? '');
  const changes = new Set(
    STRIPE_EVENT_TYPES.filter((type) => recorded.includes(`com.stripe.${type}`)).map((type) => STRIPE_EVENTS[type]),
  );
  expect(Object.keys(EVENTS).filter((type) => !recorded.includes(type))).toEqual([]);
  expect(Object.values(STRIPE_EVENTS).filter((change) => !changes.has(change))).toEqual([]);
});

describe.each(cases)('%s', (_name, event) => {
  it('is read by the present ledger with its original meaning', () => {
    const found = read(event);
    const about = event.key.startsWith('pm_') ? { methodId: event.key } : { paymentIntentId: event.key };
    expect(found).toMatchObject({ id: event.headers.ce_id, ...about });
    expect(found?.type).toBe(event.headers.ce_type?.replace('com.stripe.', ''));
  });

  it('has the same meaning with headers and fields that the present ledger does not know', () => {
    expect(withoutUnknown(read(fromTheFuture(event)))).toEqual(withoutUnknown(read(event)));
  });

  it('becomes a dead letter with unsupported_version, if it is one of our types in an unknown version', () => {
    const type = `${event.headers.ce_type}.v2`;
    const newer = { ...event, headers: { ...event.headers, ce_type: type } };
    if (type.startsWith('checkout.'))
      expect(() => read(newer)).toThrow(expect.objectContaining({ reason: 'unsupported_version' }));
    // The body, which Stripe signed, says what Stripe's event is.
    else expect(read(newer)).toEqual(read(event));
  });
});
