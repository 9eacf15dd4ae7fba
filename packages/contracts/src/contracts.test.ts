import { Kafka } from 'cloudevents';
import { describe, expect, it } from 'vitest';
import {
  attributesOf,
  derivedEventId,
  eventRecord,
  partitionKeyOf,
  toRecord,
  UnreadableEventError,
  withoutClientSecrets,
} from './index.ts';

const attributes = {
  id: 'evt_1',
  source: '/stripe',
  type: 'com.stripe.charge.succeeded',
  time: '2026-11-23T10:00:00.000Z',
  subject: 'pi_1',
};

describe('the envelope', () => {
  it('is a CloudEvent in binary mode that the CloudEvents library can read', () => {
    const { headers, key, value } = toRecord('pi_1', attributes, Buffer.from('{"a":1}'));
    const event = Kafka.toEvent({ headers, key, value, body: value.toString(), timestamp: '' } as never);
    expect(event).toMatchObject({
      ...attributes,
      specversion: '1.0',
      datacontenttype: 'application/json',
      data: { a: 1 },
    });
  });

  it('carries the given bytes unchanged', () => {
    const bytes = Buffer.from('{ "spaces" :  "kept" }\n');
    expect(toRecord('pi_1', attributes, bytes).value).toBe(bytes);
  });

  it('is read from its headers', () => {
    expect(attributesOf(toRecord('pi_1', attributes, {}).headers)).toEqual(attributes);
  });

  it.each(['ce_id', 'ce_source', 'ce_type'])('cannot be read without %s', (name) => {
    const { headers } = toRecord('pi_1', attributes, {});
    delete headers[name];
    expect(() => attributesOf(headers)).toThrow(UnreadableEventError);
  });
});

describe('the partition key', () => {
  it.each([
    ['a PaymentIntent by its id', { object: 'payment_intent', id: 'pi_1' }, 'pi_1'],
    ["a charge by its PaymentIntent's id", { object: 'charge', id: 'ch_1', payment_intent: 'pi_1' }, 'pi_1'],
    [
      'a charge by the id of its expanded PaymentIntent',
      { object: 'charge', id: 'ch_1', payment_intent: { id: 'pi_1' } },
      'pi_1',
    ],
    ['a charge without a PaymentIntent by its own id', { object: 'charge', id: 'ch_1', payment_intent: null }, 'ch_1'],
    ["a refund without a PaymentIntent by its charge's id", { object: 'refund', id: 're_1', charge: 'ch_1' }, 'ch_1'],
    [
      "a dispute by its PaymentIntent's id",
      { object: 'dispute', id: 'dp_1', charge: 'ch_1', payment_intent: 'pi_1' },
      'pi_1',
    ],
    ['anything else by its own id', { object: 'payout', id: 'po_1' }, 'po_1'],
  ])('gives %s as partition key', (_rule, object, key) => {
    expect(partitionKeyOf(object)).toBe(key);
  });
});

it('refuses to make an event whose data does not fit its type', () => {
  const about = { key: 'pi_1', id: 'e1', source: '/x' };
  expect(() => eventRecord('checkout.session.verified', about, { cartId: 'c1' } as never)).toThrow();
});

it('derives the same id only from the same parts', () => {
  expect(derivedEventId('a', 'b')).toBe(derivedEventId('a', 'b'));
  expect(derivedEventId('a', 'b')).not.toBe(derivedEventId('ab', ''));
  expect(derivedEventId('a', 'b')).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
});

it('removes client secrets at any depth', () => {
  const snapshot = {
    id: 'pi_1',
    client_secret: 's',
    next_action: { deeper: [{ client_secret: 's', kept: 1 }] },
    nothing: null,
  };
  expect(withoutClientSecrets(snapshot)).toEqual({ id: 'pi_1', next_action: { deeper: [{ kept: 1 }] }, nothing: null });
});
