import { attributesOf } from '@connector/contracts';
import { describe, expect, it } from 'vitest';
import { paymentIntentSucceeded } from '../testing/stripe-events.ts';
import { classify } from './classify.ts';
import { toPaymentRecord } from './to-payment-record.ts';

function recordOf(changes: Record<string, unknown>, object: Record<string, unknown>, accountId?: string) {
  const json = paymentIntentSucceeded(changes, object);
  const classified = classify(json, { livemode: false, projectKey: 'shop' });
  if (classified.kind !== 'record') throw new Error(`not a record: ${classified.kind}`);
  return toPaymentRecord(classified.event, Buffer.from(JSON.stringify(json)), accountId);
}

describe('the record of a Stripe event', () => {
  it("has Stripe's id, type, time and bytes", () => {
    const { key, value, headers } = recordOf({}, {});
    expect(key).toBe('pi_1');
    expect(value.toString()).toBe(JSON.stringify(paymentIntentSucceeded()));
    expect(attributesOf(headers)).toEqual({
      id: 'evt_1',
      source: '/stripe',
      type: 'com.stripe.payment_intent.succeeded',
      time: '2026-09-21T14:13:20.000Z',
      subject: 'pi_1',
    });
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'stripe-api-version': '2026-10-28.endive',
      'stripe-livemode': 'false',
    });
  });

  it.each([
    ['no account is known', {}, undefined, '/stripe', undefined],
    ['our account is configured', {}, 'acct_ours', '/stripe/acct_ours', 'acct_ours'],
    [
      'the event names a connected account',
      { account: 'acct_theirs' },
      'acct_ours',
      '/stripe/acct_theirs',
      'acct_theirs',
    ],
  ])('names the source when %s', (_rule, changes, accountId, source, account) => {
    const { headers } = recordOf(changes, {}, accountId);
    expect([headers.ce_source, headers['stripe-account']]).toEqual([source, account]);
  });

  it.each([
    [
      'a charge by its PaymentIntent',
      'charge.succeeded',
      { id: 'ch_1', object: 'charge', payment_intent: 'pi_9' },
      'pi_9',
      'pi_9',
    ],
    [
      'a charge without one by itself',
      'charge.succeeded',
      { id: 'ch_1', object: 'charge', payment_intent: null },
      'ch_1',
      undefined,
    ],
    [
      'a refund by its PaymentIntent',
      'refund.created',
      { id: 're_1', object: 'refund', charge: 'ch_1', payment_intent: 'pi_9' },
      'pi_9',
      'pi_9',
    ],
    [
      'a refund without one by its charge',
      'refund.created',
      { id: 're_1', object: 'refund', charge: 'ch_1', payment_intent: null },
      'ch_1',
      undefined,
    ],
    [
      'a dispute by its expanded PaymentIntent',
      'charge.dispute.created',
      { id: 'dp_1', object: 'dispute', payment_intent: { id: 'pi_9' } },
      'pi_9',
      'pi_9',
    ],
  ])('keys %s', (_rule, type, object, key, subject) => {
    const record = recordOf({ type }, object);
    expect([record.key, record.headers.ce_subject]).toEqual([key, subject]);
  });
});
