import { describe, expect, it, vi } from 'vitest';
import type { StripeCalls } from './calls.ts';

export function itAuthorizes({ paid, held, capture, chargeOf, call, key }: StripeCalls): void {
  describe('an authorization', () => {
    const raisable = { card: { request_incremental_authorization: 'if_available' } } as const;
    const raise = (id: string, amount: number) =>
      call('payment_intents.increment_authorization', (stripe) =>
        stripe.paymentIntents.incrementAuthorization(id, { amount, metadata: { raised: 'yes' } }, key()),
      );

    it('is raised to a new total together with its charge, if this was requested at confirmation', async () => {
      const { id } = await paid({ capture_method: 'manual', payment_method_options: raisable });
      const raised = await raise(id, 1500);
      expect(raised).toMatchObject({ status: 'requires_capture', amount: 1500, amount_capturable: 1500 });
      expect(raised.metadata).toMatchObject({ raised: 'yes' });
      expect(await chargeOf(raised)).toMatchObject({ amount: 1500, amount_captured: 0 });
      expect(await capture(id)).toMatchObject({ status: 'succeeded', amount_received: 1500 });
    });

    it('is not raised to less, without the request at confirmation, or after capture', async () => {
      const { id } = await paid({ capture_method: 'manual', payment_method_options: raisable });
      await expect(raise(id, 1190)).rejects.toMatchObject({ status: 400, param: 'amount' });
      await capture(id);
      await expect(raise(id, 1500)).rejects.toMatchObject({ code: 'payment_intent_unexpected_state' });
      await expect(raise((await held()).id, 1500)).rejects.toMatchObject({ status: 400 });
    });
  });
}

export function itCaptures({ create, paid, held, retrieve, capture, chargeOf }: StripeCalls): void {
  describe('a capture', () => {
    it('takes the whole authorised amount', async () => {
      const authorised = await held();
      expect(authorised).toMatchObject({ status: 'requires_capture', amount_capturable: 1190, amount_received: 0 });
      expect(await chargeOf(authorised)).toMatchObject({ captured: false, amount_captured: 0 });
      const done = await capture(authorised.id, { metadata: { operation: 'one' } });
      expect(done).toMatchObject({ status: 'succeeded', amount_received: 1190, amount_capturable: 0 });
      expect(done.metadata).toMatchObject({ operation: 'one' });
      expect(await chargeOf(done)).toMatchObject({ captured: true, amount_captured: 1190 });
    });

    it('of a part that is not the final one leaves the rest authorised', async () => {
      const { id } = await held();
      const part = await capture(id, { amount_to_capture: 190, final_capture: false });
      expect(part).toMatchObject({ status: 'requires_capture', amount_received: 190, amount_capturable: 1000 });
      expect(await chargeOf(part)).toMatchObject({ captured: false, amount_captured: 190 });
      const rest = await capture(id, { amount_to_capture: 900 });
      expect(rest).toMatchObject({ status: 'succeeded', amount_received: 1090, amount_capturable: 0 });
    });

    it('is refused for more than is left or without an authorization, and changes nothing', async () => {
      const before = await held();
      const tooMuch = capture(before.id, { amount_to_capture: 1191 });
      await expect(tooMuch).rejects.toMatchObject({ code: 'amount_too_large', status: 400 });
      expect(await retrieve(before.id)).toEqual(before);
      for (const { id } of [await create(), await paid()]) {
        await expect(capture(id)).rejects.toMatchObject({ code: 'payment_intent_unexpected_state' });
      }
    });
  });
}

export function itCancels({ create, paid, held, retrieve, cancel }: StripeCalls): void {
  describe('a cancelation', () => {
    it.each([
      ['waits', () => create()],
      ['is authorised', held],
    ])('ends a PaymentIntent that %s', async (_state, made) => {
      const { id } = await made();
      expect(await cancel(id)).toMatchObject({ status: 'canceled', amount_capturable: 0 });
      await expect(cancel(id)).rejects.toMatchObject({ code: 'payment_intent_unexpected_state' });
    });

    it('is refused for a PaymentIntent that has succeeded', async () => {
      const { id } = await paid();
      await expect(cancel(id)).rejects.toMatchObject({ code: 'payment_intent_unexpected_state', status: 400 });
      expect((await retrieve(id)).status).toBe('succeeded');
    });
  });
}

export function itRefunds({
  create,
  paid,
  held,
  retrieve,
  capture,
  refund,
  refundsOf,
  chargeOf,
  call,
  key,
}: StripeCalls): void {
  describe('a refund', () => {
    it('returns a part, and then the rest', async () => {
      const { id, latest_charge } = await paid();
      const part = await refund(id, 190);
      expect(part).toMatchObject({ object: 'refund', amount: 190, currency: 'eur', payment_intent: id });
      expect(part).toMatchObject({ charge: latest_charge, status: 'succeeded' });
      expect(await chargeOf(await retrieve(id))).toMatchObject({ amount_refunded: 190, refunded: false });
      expect((await refund(id)).amount).toBe(1000);
      expect(await chargeOf(await retrieve(id))).toMatchObject({ amount_refunded: 1190, refunded: true });
      await expect(refund(id)).rejects.toMatchObject({ code: 'charge_already_refunded' });
    });

    it('is refused for more than is left, or without a charge', async () => {
      const { id } = await paid();
      await refund(id, 190);
      await expect(refund(id, 1001)).rejects.toMatchObject({ status: 400, type: 'invalid_request_error' });
      await expect(refund((await create()).id)).rejects.toMatchObject({ status: 400, type: 'invalid_request_error' });
      expect(await refundsOf(id)).toHaveLength(1);
    });

    it('returns no more than was captured, whatever was released', async () => {
      const { id } = await capture((await held()).id, { amount_to_capture: 500 });
      await expect(refund(id, 501)).rejects.toMatchObject({ status: 400, type: 'invalid_request_error' });
      expect(await refund(id, 500)).toMatchObject({ amount: 500, status: 'succeeded' });
    });

    it('is listed with all refunds of its PaymentIntent or charge, the newest first', async () => {
      const { id, latest_charge } = await paid();
      const made: string[] = [];
      for (const amount of [100, 200, 300]) made.unshift((await refund(id, amount)).id);
      expect((await refundsOf(id)).map((each) => each.id)).toEqual(made);
      const ofCharge = await call('refunds.list', (stripe) =>
        Array.fromAsync(stripe.refunds.list({ charge: latest_charge as string })),
      );
      expect(ofCharge.map((each) => each.id)).toEqual(made);
      const [newest] = made;
      expect(await call('refunds.retrieve', (stripe) => stripe.refunds.retrieve(newest ?? ''))).toEqual(ofCharge[0]);
    });

    it('happens once per idempotency key', async () => {
      const [{ id }, options] = [await paid(), key()];
      expect(await refund(id, 100, options)).toEqual(await refund(id, 100, options));
      expect(await refundsOf(id)).toHaveLength(1);
    });
  });
}

export function itBooksBalanceTransactions({ paid, held, capture, refund, call }: StripeCalls): void {
  describe('a balance transaction', () => {
    const listed = async (type: string, expand: string[], isIt: (source: string) => boolean) => {
      const { data } = await call('balance_transactions.list', (stripe) =>
        stripe.balanceTransactions.list({ type, limit: 100, expand, created: { gte: 0, lt: 4_102_444_800 } }),
      );
      return data.filter(({ source }) => isIt(typeof source === 'string' ? source : (source?.id ?? '')));
    };
    const AT_LENGTH = { timeout: 30_000, interval: 100 };

    it("exists for each charge with Stripe's fee, and has its PaymentIntent expanded on request", async () => {
      const paidOne = await paid();
      const ofIt = (expand: string[]) => listed('charge', expand, (source) => source === paidOne.latest_charge);
      const [plain, ...more] = await vi.waitUntil(async () => {
        const found = await ofIt([]);
        return found.length > 0 ? found : undefined;
      }, AT_LENGTH);
      expect(more).toEqual([]);
      expect(plain).toMatchObject({ type: 'charge', amount: 1190, currency: 'eur', source: paidOne.latest_charge });
      expect(plain?.net).toBe(1190 - (plain?.fee ?? 0));
      const [expanded] = await ofIt(['data.source.payment_intent']);
      expect(expanded?.source).toMatchObject({ object: 'charge', payment_intent: { id: paidOne.id } });
    });

    it('subtracts a refund, whose charge is expanded on request', async () => {
      const { id, latest_charge: charge } = await paid();
      const { id: refunded } = await refund(id, 190);
      const expand = ['data.source.payment_intent', 'data.source.charge'];
      const [moved] = await vi.waitUntil(async () => {
        const found = await listed('refund', expand, (source) => source === refunded);
        return found.length > 0 ? found : undefined;
      }, AT_LENGTH);
      expect(moved).toMatchObject({ type: 'refund', amount: -190, net: -190, fee: 0 });
      expect(moved?.source).toMatchObject({ id: refunded, payment_intent: { id }, charge: { id: charge } });
    });

    it('exists for each captured part, and for no authorization', async () => {
      const { id, latest_charge: charge } = await held();
      await capture(id, { amount_to_capture: 400, final_capture: false });
      await capture(id);
      const ofIt = async () => (await listed('charge', [], (source) => source === charge)).map(({ amount }) => amount);
      await vi.waitFor(async () => expect((await ofIt()).toSorted()).toEqual([400, 790]), AT_LENGTH);
    });
  });
}
