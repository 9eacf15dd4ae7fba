import { randomUUID } from 'node:crypto';
import { NotFoundError } from '@connector/errors';
import { describe, expect, it } from 'vitest';
import type { StripeCalls } from './calls.ts';

export function itHasPaymentIntents({ create, retrieve, update, cancel, capture, call }: StripeCalls): void {
  describe('a PaymentIntent', () => {
    it('has its parameters and waits for a payment method', async () => {
      const metadata = { ct_payment_key: randomUUID() };
      const made = await create({ metadata, description: 'an order', setup_future_usage: 'off_session' });
      expect(made).toMatchObject({
        ...{ object: 'payment_intent', status: 'requires_payment_method', amount: 1190, currency: 'eur', metadata },
        ...{ description: 'an order', setup_future_usage: 'off_session', customer: null, latest_charge: null },
        ...{ amount_received: 0, amount_capturable: 0, last_payment_error: null },
      });
      expect(made.client_secret).toContain(`${made.id}_secret_`);
      expect(await retrieve(made.id)).toEqual(made);
    });

    it('is not found by an unknown id', async () => {
      await expect(retrieve('pi_nobody_has_it')).rejects.toThrow(NotFoundError);
      for (const done of [update('pi_nobody', { description: 'x' }), cancel('pi_nobody'), capture('pi_nobody')]) {
        await expect(done).rejects.toThrow(NotFoundError);
      }
    });

    it('is found by its metadata, the newest first', async () => {
      const ct_payment_key = randomUUID();
      const first = await create({ metadata: { ct_payment_key } });
      const second = await create({ metadata: { ct_payment_key } });
      const search = (value: string) =>
        call('payment_intents.search', (stripe) =>
          stripe.paymentIntents.search({ query: `metadata['ct_payment_key']:'${value}'`, limit: 100 }),
        );
      expect((await search(ct_payment_key)).data.map(({ id }) => id)).toEqual([second.id, first.id]);
      expect((await search(randomUUID())).data).toEqual([]);
    });

    it('is listed page by page, the newest first', async () => {
      const made = [await create(), await create(), await create()].map(({ id }) => id).reverse();
      const list = (starting_after?: string) =>
        call('payment_intents.list', (stripe) =>
          stripe.paymentIntents.list({ limit: 2, ...(starting_after && { starting_after }) }),
        );
      const first = await list();
      expect(first).toMatchObject({ has_more: true, data: made.slice(0, 2).map((id) => ({ id })) });
      expect((await list(made[1])).data[0]?.id).toBe(made[2]);
    });
  });
}

export function itConfirms({ create, paid, retrieve, chargeOf, call, key }: StripeCalls): void {
  describe('a PaymentIntent', () => {
    it('with a payment method waits for confirmation, and succeeds with it', async () => {
      const made = await create({ payment_method: 'pm_card_visa' });
      expect(made.status).toBe('requires_confirmation');
      const confirmed = await call('payment_intents.confirm', (stripe) =>
        stripe.paymentIntents.confirm(made.id, { return_url: 'https://shop.example.com' }, key()),
      );
      expect(confirmed).toMatchObject({ status: 'succeeded', amount_received: 1190, amount_capturable: 0 });
    });

    it('is not confirmed without a payment method, or after it has succeeded', async () => {
      for (const { id } of [await create(), await paid()]) {
        const confirm = call('payment_intents.confirm', (stripe) =>
          stripe.paymentIntents.confirm(id, { return_url: 'https://shop.example.com' }, key()),
        );
        await expect(confirm).rejects.toMatchObject({ status: 400, code: 'payment_intent_unexpected_state' });
      }
    });

    it('has its charge as an id, or expanded on request', async () => {
      const { id, latest_charge } = await paid();
      const charge = { id: latest_charge, payment_intent: id, amount: 1190, amount_captured: 1190, captured: true };
      expect(await chargeOf(await retrieve(id))).toMatchObject({ ...charge, status: 'succeeded', amount_refunded: 0 });
      expect((await retrieve(id, ['latest_charge'])).latest_charge).toMatchObject(charge);
    });

    it('that is declined waits for another payment method, and has the reason', async () => {
      const payment_method = 'pm_card_visa_chargeDeclinedInsufficientFunds';
      const { id } = await create({ payment_method });
      const confirm = call('payment_intents.confirm', (stripe) =>
        stripe.paymentIntents.confirm(id, { return_url: 'https://shop.example.com' }, key()),
      );
      const declined = { code: 'card_declined', declineCode: 'insufficient_funds', type: 'card_error', status: 402 };
      await expect(confirm).rejects.toMatchObject(declined);
      expect(await retrieve(id)).toMatchObject({
        ...{ status: 'requires_payment_method', payment_method: null, amount_received: 0 },
        last_payment_error: { code: 'card_declined', decline_code: 'insufficient_funds' },
      });
    });
  });
}

export function itKeepsIdempotencyKeys({ create, update, key }: StripeCalls): void {
  describe('an idempotency key', () => {
    it('has one effect and one answer', async () => {
      const [options, metadata] = [key(), { ct_payment_key: randomUUID() }];
      const first = await create({ metadata }, options);
      await update(first.id, { description: 'meanwhile' });
      expect(await create({ metadata }, options)).toEqual(first);
    });

    it('accepts only one set of parameters', async () => {
      const options = key();
      await create({}, options);
      await expect(create({ amount: 1 }, options)).rejects.toMatchObject({ type: 'idempotency_error', status: 400 });
    });

    it('repeats a refusal, and marks it as repeated', async () => {
      const options = key();
      const params = { payment_method: 'pm_card_visa_chargeDeclined', confirm: true, return_url: 'https://a.example' };
      await expect(create(params, options)).rejects.toMatchObject({ code: 'card_declined', isReplayed: false });
      await expect(create(params, options)).rejects.toMatchObject({ code: 'card_declined', isReplayed: true });
    });
  });
}

export function itUpdates({ create, paid, retrieve, update, cancel }: StripeCalls): void {
  describe('an update', () => {
    it('changes only what it names', async () => {
      const before = await create({ metadata: { a: '1', b: '2' }, setup_future_usage: 'off_session' });
      await update(before.id, { amount: 1000, metadata: { b: '3', c: '4' }, setup_future_usage: '' });
      const metadata = { a: '1', b: '3', c: '4' };
      expect(await retrieve(before.id)).toEqual({ ...before, amount: 1000, metadata, setup_future_usage: null });
    });

    it('removes a metadata key by an empty value', async () => {
      const { id } = await create({ metadata: { a: '1', b: '2' } });
      expect((await update(id, { metadata: { a: '' } })).metadata).toEqual({ b: '2' });
    });

    it.each([
      ['more than 50 keys', Object.fromEntries(Array.from({ length: 51 }, (_, at) => [`key-${at}`, 'x']))],
      ['a value of more than 500 characters', { a: 'x'.repeat(501) }],
    ])('is refused for metadata with %s', async (_what, metadata) => {
      const before = await create();
      await expect(update(before.id, { metadata })).rejects.toMatchObject({ status: 400 });
      expect(await retrieve(before.id)).toEqual(before);
    });

    it.each([
      ['paid', () => paid()],
      ['canceled', async () => cancel((await create()).id)],
    ])('of a PaymentIntent that is %s accepts metadata only', async (_state, made) => {
      const { id } = await made();
      await expect(update(id, { amount: 1 })).rejects.toMatchObject({ code: 'payment_intent_unexpected_state' });
      expect((await update(id, { metadata: { a: '1' } })).metadata).toMatchObject({ a: '1' });
    });
  });
}
