import { STRIPE_EVENT_TYPES } from '@connector/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { paymentIntentSucceeded } from '../testing/stripe-events.ts';
import { classify } from './classify.ts';

const OURS = { livemode: false, projectKey: 'shop', accountId: 'acct_own' };

describe('a genuine event', () => {
  it.each(STRIPE_EVENT_TYPES)('of the type %s is recorded', (type) => {
    expect(classify(paymentIntentSucceeded({ type }), OURS)).toMatchObject({
      kind: 'record',
      event: { id: 'evt_1', type },
    });
  });

  it.each([
    ['of a type that changes no payment', paymentIntentSucceeded({ type: 'invoice.paid' }), 'type'],
    ['of live mode, for a test key', paymentIntentSucceeded({ livemode: true }), 'mode'],
    ['of another account', paymentIntentSucceeded({ account: 'acct_other' }), 'account'],
    ['of another project', paymentIntentSucceeded({}, { metadata: { ct_project_key: 'other-shop' } }), 'project'],
  ])('%s is ignored', (_rule, event, reason) => {
    expect(classify(event, OURS)).toMatchObject({ kind: 'ignored', reason });
  });

  const thinEvent = {
    id: 'evt_test_65',
    object: 'v2.core.event',
    type: 'v1.billing.meter.no_meter_found',
    created: '2026-01-01T00:00:00Z',
    livemode: false,
  };
  it.each([
    ['of a type that changes no payment', thinEvent],
    ['of a type that is handled', { ...thinEvent, type: 'payment_intent.succeeded' }],
    ['of the other mode', { ...thinEvent, livemode: true }],
    ['of an object of a later kind', { ...thinEvent, object: 'v2.core.event_notification' }],
    ['without id and type', { object: 'v2.core.event' }],
  ])('%s that is thin is reported as thin, because it contains no object', (_rule, event) => {
    expect(classify(event, OURS)).toEqual({ kind: 'thin' });
  });

  it.each([
    ['without metadata, as disputes are', { metadata: undefined }],
    ['with metadata of null', { metadata: null }],
    ['with an empty project key, which means absent at Stripe', { metadata: { ct_project_key: '' } }],
    ['of our project', { metadata: { ct_project_key: 'shop' } }],
  ])('%s is recorded', (_rule, object) => {
    expect(classify(paymentIntentSucceeded({}, object), OURS).kind).toBe('record');
  });

  it.each([
    ['our account', OURS],
    ['an account, when only the ledger can compare it with the key’s', { ...OURS, accountId: undefined }],
  ])('that names %s is recorded', (_account, ours) => {
    const account = ours.accountId ?? 'acct_of_the_key';
    expect(classify(paymentIntentSucceeded({ account }), ours)).toMatchObject({ kind: 'record', event: { account } });
  });

  it.each(['charge.refunded', 'refund.created', 'charge.dispute.created'] as const)(
    '%s of another account is ignored',
    (type) => {
      const event = paymentIntentSucceeded({ type, account: 'acct_other' });
      expect(classify(event, OURS)).toEqual({ kind: 'ignored', reason: 'account', type });
    },
  );

  it('of live mode is recorded with a live key', () => {
    const live = paymentIntentSucceeded({ livemode: true });
    expect(classify(live, { ...OURS, livemode: true })).toMatchObject({ kind: 'record', event: { livemode: true } });
  });

  it.each([
    ['that is no JSON', undefined],
    ['that is null', null],
    ['that is a list', [paymentIntentSucceeded()]],
    ['without id', paymentIntentSucceeded({ id: undefined })],
    ['with an id that would break a header', paymentIntentSucceeded({ id: 'evt_1\r\nce_id: evt_2' })],
    ['without type', paymentIntentSucceeded({ type: undefined })],
    ['without data', paymentIntentSucceeded({ data: undefined })],
    ['with an object that has no id', paymentIntentSucceeded({}, { id: undefined })],
    ['without time', paymentIntentSucceeded({ created: undefined })],
    ['with a time outside of the date range', paymentIntentSucceeded({ created: 1e300 })],
  ])('%s is malformed', (_rule, event) => {
    expect(classify(event, OURS).kind).toBe('malformed');
  });

  it('never throws, whatever the JSON', () => {
    const near = fc.record(
      {
        id: fc.jsonValue(),
        type: fc.constantFrom(...STRIPE_EVENT_TYPES),
        data: fc.jsonValue(),
        created: fc.jsonValue(),
        livemode: fc.constant(false),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), near), (json) => {
        expect(classify(json, OURS).kind).toMatch(/^(record|ignored|thin|malformed)$/);
      }),
    );
  });
});
