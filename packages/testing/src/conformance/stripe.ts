import { randomUUID } from 'node:crypto';
import { NotFoundError } from '@connector/errors';
import type { StripeClient } from '@connector/stripe';
import type Stripe from 'stripe';
import { describe, expect, it, vi } from 'vitest';

/** An account to try, by the client that the services call it with. */
export type Account = Pick<StripeClient, 'call'>;

/** What Stripe does, whoever plays it: the fake of unit tests, or the client before a server. `account` is asked in each test. */
export function itIsStripe(account: () => Account): void {
  const call = <T>(operation: string, work: (stripe: Stripe) => Promise<T>): Promise<T> =>
    account().call(operation, work);
  const key = () => ({ idempotencyKey: randomUUID() });
  const create = (fields: Partial<Stripe.PaymentIntentCreateParams> = {}, options = key()) =>
    call('payment_intents.create', (stripe) =>
      stripe.paymentIntents.create({ amount: 1190, currency: 'eur', ...fields }, options),
    );
  const paid = (fields: Partial<Stripe.PaymentIntentCreateParams> = {}) =>
    create({ payment_method: 'pm_card_visa', confirm: true, return_url: 'https://shop.example.com', ...fields });
  const held = () =>
    paid({ capture_method: 'manual', payment_method_options: { card: { request_multicapture: 'if_available' } } });
  const retrieve = (id: string, expand: string[] = []) =>
    call('payment_intents.retrieve', (stripe) => stripe.paymentIntents.retrieve(id, { expand }));
  const update = (id: string, params: Stripe.PaymentIntentUpdateParams) =>
    call('payment_intents.update', (stripe) => stripe.paymentIntents.update(id, params, key()));
  const cancel = (id: string) =>
    call('payment_intents.cancel', (stripe) => stripe.paymentIntents.cancel(id, {}, key()));
  const capture = (id: string, params: Stripe.PaymentIntentCaptureParams = {}) =>
    call('payment_intents.capture', (stripe) => stripe.paymentIntents.capture(id, params, key()));
  const refund = (payment_intent: string, amount?: number, options = key()) =>
    call('refunds.create', (stripe) =>
      stripe.refunds.create({ payment_intent, ...(amount !== undefined && { amount }) }, options),
    );
  const refundsOf = (payment_intent: string) =>
    call('refunds.list', (stripe) => Array.fromAsync(stripe.refunds.list({ payment_intent, limit: 2 })));
  const chargeOf = async ({ latest_charge }: Stripe.PaymentIntent) =>
    call('charges.retrieve', (stripe) => stripe.charges.retrieve(latest_charge as string));
  const customer = (fields: Stripe.CustomerCreateParams = {}) =>
    call('customers.create', (stripe) => stripe.customers.create(fields, key()));

  describe('a PaymentIntent', () => {
    it('waits for a payment method, with what it was created with', async () => {
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

    it('is not found by an id that nobody has', async () => {
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

    it('is listed by page, the newest first', async () => {
      const made = [await create(), await create(), await create()].map(({ id }) => id).reverse();
      const list = (starting_after?: string) =>
        call('payment_intents.list', (stripe) =>
          stripe.paymentIntents.list({ limit: 2, ...(starting_after && { starting_after }) }),
        );
      const first = await list();
      expect(first).toMatchObject({ has_more: true, data: made.slice(0, 2).map((id) => ({ id })) });
      expect((await list(made[1])).data[0]?.id).toBe(made[2]);
    });

    it('waits for confirmation with a payment method, and is paid by it', async () => {
      const made = await create({ payment_method: 'pm_card_visa' });
      expect(made.status).toBe('requires_confirmation');
      const confirmed = await call('payment_intents.confirm', (stripe) =>
        stripe.paymentIntents.confirm(made.id, { return_url: 'https://shop.example.com' }, key()),
      );
      expect(confirmed).toMatchObject({ status: 'succeeded', amount_received: 1190, amount_capturable: 0 });
    });

    it('is not confirmed without a payment method, or once it is paid', async () => {
      for (const { id } of [await create(), await paid()]) {
        const confirm = call('payment_intents.confirm', (stripe) =>
          stripe.paymentIntents.confirm(id, { return_url: 'https://shop.example.com' }, key()),
        );
        await expect(confirm).rejects.toMatchObject({ status: 400, code: 'payment_intent_unexpected_state' });
      }
    });

    it('has the charge that paid it, as its id, and itself where that is asked for', async () => {
      const { id, latest_charge } = await paid();
      const charge = { id: latest_charge, payment_intent: id, amount: 1190, amount_captured: 1190, captured: true };
      expect(await chargeOf(await retrieve(id))).toMatchObject({ ...charge, status: 'succeeded', amount_refunded: 0 });
      expect((await retrieve(id, ['latest_charge'])).latest_charge).toMatchObject(charge);
    });

    it('that is declined waits for another payment method, and says why', async () => {
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

  describe('an idempotency key', () => {
    it('has one effect and one answer', async () => {
      const [options, metadata] = [key(), { ct_payment_key: randomUUID() }];
      const first = await create({ metadata }, options);
      await update(first.id, { description: 'meanwhile' });
      expect(await create({ metadata }, options)).toEqual(first);
    });

    it('takes one set of parameters', async () => {
      const options = key();
      await create({}, options);
      await expect(create({ amount: 1 }, options)).rejects.toMatchObject({ type: 'idempotency_error', status: 400 });
    });

    it('repeats a refusal, and says that it is one', async () => {
      const options = key();
      const params = { payment_method: 'pm_card_visa_chargeDeclined', confirm: true, return_url: 'https://a.example' };
      await expect(create(params, options)).rejects.toMatchObject({ code: 'card_declined', isReplayed: false });
      await expect(create(params, options)).rejects.toMatchObject({ code: 'card_declined', isReplayed: true });
    });
  });

  describe('an authorization', () => {
    const raisable = { card: { request_incremental_authorization: 'if_available' } } as const;
    const raise = (id: string, amount: number) =>
      call('payment_intents.increment_authorization', (stripe) =>
        stripe.paymentIntents.incrementAuthorization(id, { amount, metadata: { raised: 'yes' } }, key()),
      );

    it('is raised to a new total, with its charge, where that was asked for', async () => {
      const { id } = await paid({ capture_method: 'manual', payment_method_options: raisable });
      const raised = await raise(id, 1500);
      expect(raised).toMatchObject({ status: 'requires_capture', amount: 1500, amount_capturable: 1500 });
      expect(raised.metadata).toMatchObject({ raised: 'yes' });
      expect(await chargeOf(raised)).toMatchObject({ amount: 1500, amount_captured: 0 });
      expect(await capture(id)).toMatchObject({ status: 'succeeded', amount_received: 1500 });
    });

    it('is not raised to less, without having been asked for, or once it is captured', async () => {
      const { id } = await paid({ capture_method: 'manual', payment_method_options: raisable });
      await expect(raise(id, 1190)).rejects.toMatchObject({ status: 400, param: 'amount' });
      await capture(id);
      await expect(raise(id, 1500)).rejects.toMatchObject({ code: 'payment_intent_unexpected_state' });
      await expect(raise((await held()).id, 1500)).rejects.toMatchObject({ status: 400 });
    });
  });

  describe('an update', () => {
    it('changes what it names, and leaves the rest', async () => {
      const before = await create({ metadata: { a: '1', b: '2' }, setup_future_usage: 'off_session' });
      await update(before.id, { amount: 1000, metadata: { b: '3', c: '4' }, setup_future_usage: '' });
      const metadata = { a: '1', b: '3', c: '4' };
      expect(await retrieve(before.id)).toEqual({ ...before, amount: 1000, metadata, setup_future_usage: null });
    });

    it('takes metadata with an empty value away', async () => {
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
    ])('of one that is %s takes metadata alone', async (_state, made) => {
      const { id } = await made();
      await expect(update(id, { amount: 1 })).rejects.toMatchObject({ code: 'payment_intent_unexpected_state' });
      expect((await update(id, { metadata: { a: '1' } })).metadata).toMatchObject({ a: '1' });
    });
  });

  describe('a cancelation', () => {
    it.each([
      ['waits', () => create()],
      ['is authorised', held],
    ])('ends one that %s', async (_state, made) => {
      const { id } = await made();
      expect(await cancel(id)).toMatchObject({ status: 'canceled', amount_capturable: 0 });
      await expect(cancel(id)).rejects.toMatchObject({ code: 'payment_intent_unexpected_state' });
    });

    it('is refused for one that is paid', async () => {
      const { id } = await paid();
      await expect(cancel(id)).rejects.toMatchObject({ code: 'payment_intent_unexpected_state', status: 400 });
      expect((await retrieve(id)).status).toBe('succeeded');
    });
  });

  describe('a capture', () => {
    it('takes the whole of what is authorised', async () => {
      const authorised = await held();
      expect(authorised).toMatchObject({ status: 'requires_capture', amount_capturable: 1190, amount_received: 0 });
      expect(await chargeOf(authorised)).toMatchObject({ captured: false, amount_captured: 0 });
      const done = await capture(authorised.id, { metadata: { operation: 'one' } });
      expect(done).toMatchObject({ status: 'succeeded', amount_received: 1190, amount_capturable: 0 });
      expect(done.metadata).toMatchObject({ operation: 'one' });
      expect(await chargeOf(done)).toMatchObject({ captured: true, amount_captured: 1190 });
    });

    it('of a part that is not the last leaves the rest authorised', async () => {
      const { id } = await held();
      const part = await capture(id, { amount_to_capture: 190, final_capture: false });
      expect(part).toMatchObject({ status: 'requires_capture', amount_received: 190, amount_capturable: 1000 });
      expect(await chargeOf(part)).toMatchObject({ captured: false, amount_captured: 190 });
      const rest = await capture(id, { amount_to_capture: 900 });
      expect(rest).toMatchObject({ status: 'succeeded', amount_received: 1090, amount_capturable: 0 });
    });

    it('is refused for more than is left, or nothing authorised, and changes nothing', async () => {
      const before = await held();
      const tooMuch = capture(before.id, { amount_to_capture: 1191 });
      await expect(tooMuch).rejects.toMatchObject({ code: 'amount_too_large', status: 400 });
      expect(await retrieve(before.id)).toEqual(before);
      for (const { id } of [await create(), await paid()]) {
        await expect(capture(id)).rejects.toMatchObject({ code: 'payment_intent_unexpected_state' });
      }
    });
  });

  describe('a refund', () => {
    it('gives a part back, and then the rest', async () => {
      const { id, latest_charge } = await paid();
      const part = await refund(id, 190);
      expect(part).toMatchObject({ object: 'refund', amount: 190, currency: 'eur', payment_intent: id });
      expect(part).toMatchObject({ charge: latest_charge, status: 'succeeded' });
      expect(await chargeOf(await retrieve(id))).toMatchObject({ amount_refunded: 190, refunded: false });
      expect((await refund(id)).amount).toBe(1000);
      expect(await chargeOf(await retrieve(id))).toMatchObject({ amount_refunded: 1190, refunded: true });
      await expect(refund(id)).rejects.toMatchObject({ code: 'charge_already_refunded' });
    });

    it('is refused for more than is left, or for nothing charged', async () => {
      const { id } = await paid();
      await refund(id, 190);
      await expect(refund(id, 1001)).rejects.toMatchObject({ status: 400, type: 'invalid_request_error' });
      await expect(refund((await create()).id)).rejects.toMatchObject({ status: 400, type: 'invalid_request_error' });
      expect(await refundsOf(id)).toHaveLength(1);
    });

    it('gives back no more than was captured, whatever was let go of', async () => {
      const { id } = await capture((await held()).id, { amount_to_capture: 500 });
      await expect(refund(id, 501)).rejects.toMatchObject({ status: 400, type: 'invalid_request_error' });
      expect(await refund(id, 500)).toMatchObject({ amount: 500, status: 'succeeded' });
    });

    it('is listed with all others of its PaymentIntent or charge, the newest first', async () => {
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

    it('is one for one key', async () => {
      const [{ id }, options] = [await paid(), key()];
      expect(await refund(id, 100, options)).toEqual(await refund(id, 100, options));
      expect(await refundsOf(id)).toHaveLength(1);
    });
  });

  describe('a balance transaction', () => {
    const listed = async (type: string, expand: string[], isIt: (source: string) => boolean) => {
      const { data } = await call('balance_transactions.list', (stripe) =>
        stripe.balanceTransactions.list({ type, limit: 100, expand, created: { gte: 0, lt: 4_102_444_800 } }),
      );
      return data.filter(({ source }) => isIt(typeof source === 'string' ? source : (source?.id ?? '')));
    };
    const AT_LENGTH = { timeout: 30_000, interval: 100 };

    it('is there for each charge, with what Stripe keeps of it, and its PaymentIntent where that is asked for', async () => {
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

    it('takes a refund away again, whose charge comes with it where that is asked for', async () => {
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

    it('is there for each part that is captured, and for nothing that is only held', async () => {
      const { id, latest_charge: charge } = await held();
      await capture(id, { amount_to_capture: 400, final_capture: false });
      await capture(id);
      const ofIt = async () => (await listed('charge', [], (source) => source === charge)).map(({ amount }) => amount);
      await vi.waitFor(async () => expect((await ofIt()).toSorted()).toEqual([400, 790]), AT_LENGTH);
    });
  });

  describe('a customer', () => {
    it('is made, found by id, and by its metadata', async () => {
      const metadata = { ct_customer_id: randomUUID() };
      const made = await customer({ email: 'ada@example.com', name: 'Ada', metadata });
      expect(made).toMatchObject({ object: 'customer', email: 'ada@example.com', name: 'Ada', metadata });
      expect(await call('customers.retrieve', (stripe) => stripe.customers.retrieve(made.id))).toEqual(made);
      const query = `metadata['ct_customer_id']:'${metadata.ct_customer_id}'`;
      const found = await call('customers.search', (stripe) => stripe.customers.search({ query, limit: 1 }));
      expect(found.data.map(({ id }) => id)).toEqual([made.id]);
    });

    it('is not made with an address that is no e-mail address', async () => {
      await expect(customer({ email: 'ada' })).rejects.toMatchObject({ code: 'email_invalid', param: 'email' });
    });

    it('is given to a PaymentIntent, and by an update to one that has none', async () => {
      const { id } = await customer();
      expect((await create({ customer: id })).customer).toBe(id);
      expect((await update((await create()).id, { customer: id })).customer).toBe(id);
    });

    it('that nobody knows is missing: by its id, and as a parameter', async () => {
      const found = call('customers.retrieve', (stripe) => stripe.customers.retrieve('cus_nobody'));
      await expect(found).rejects.toThrow(NotFoundError);
      const missing = { code: 'resource_missing', param: 'customer', status: 400 };
      await expect(create({ customer: 'cus_nobody' })).rejects.toMatchObject(missing);
      await expect(update((await create()).id, { customer: 'cus_nobody' })).rejects.toMatchObject(missing);
      const session = call('customer_sessions.create', (stripe) =>
        stripe.customerSessions.create({ customer: 'cus_nobody', components: { payment_element: { enabled: true } } }),
      );
      await expect(session).rejects.toMatchObject(missing);
    });

    it('acts in the browser by a secret of its own each time', async () => {
      const { id } = await customer();
      const session = () =>
        call('customer_sessions.create', (stripe) =>
          stripe.customerSessions.create({ customer: id, components: { payment_element: { enabled: true } } }),
        );
      const ephemeralKey = () =>
        call('ephemeral_keys.create', (stripe) =>
          stripe.ephemeralKeys.create({ customer: id }, { apiVersion: '2026-10-28.endive' }),
        );
      expect((await session()).client_secret).not.toBe((await session()).client_secret);
      expect((await ephemeralKey()).secret).not.toBe((await ephemeralKey()).secret);
    });
  });

  describe('a payment method', () => {
    const attach = (id: string, of: string) =>
      call('payment_methods.attach', (stripe) => stripe.paymentMethods.attach(id, { customer: of }));
    const detach = (id: string) => call('payment_methods.detach', (stripe) => stripe.paymentMethods.detach(id));
    const found = (id: string) => call('payment_methods.retrieve', (stripe) => stripe.paymentMethods.retrieve(id));

    it('that nobody has is not found', async () => {
      for (const asked of [found('pm_nobody'), detach('pm_nobody')]) await expect(asked).rejects.toThrow(NotFoundError);
    });

    it('is saved for a customer, and says what card it is', async () => {
      const { id } = await customer();
      const saved = await attach('pm_card_visa', id);
      expect(saved).toMatchObject({ object: 'payment_method', type: 'card', customer: id });
      expect(saved.card).toMatchObject({ brand: 'visa', last4: '4242', exp_year: expect.any(Number) });
      expect(await found(saved.id)).toEqual(saved);
    });

    it('is taken from its customer, once', async () => {
      const { id } = await attach('pm_card_visa', (await customer()).id);
      expect((await detach(id)).customer).toBeNull();
      expect((await found(id)).customer).toBeNull();
      await expect(detach(id)).rejects.toMatchObject({ status: 400 });
    });

    it('has one customer, who exists', async () => {
      const [one, other] = [await customer(), await customer()];
      const { id } = await attach('pm_card_visa', one.id);
      await expect(attach(id, other.id)).rejects.toMatchObject({ code: 'payment_method_already_attached' });
      await expect(attach('pm_card_visa', 'cus_nobody')).rejects.toMatchObject({ code: 'resource_missing' });
    });
  });

  describe('events', () => {
    const list = (params: Stripe.EventListParams = {}) =>
      call('events.list', (stripe) => stripe.events.list({ types: ['payment_intent.created'], limit: 100, ...params }));
    const made = async () => {
      const ids = [(await create()).id, (await create()).id, (await create()).id];
      return (await list({ limit: 3 })).data.map((event) => {
        expect(event).toMatchObject({ object: 'event', type: 'payment_intent.created', livemode: false });
        expect((event.data.object as Stripe.PaymentIntent).id).toBe(ids.pop());
        return event;
      });
    };

    it('are listed by their types, the newest first', async () => {
      const events = await made();
      expect(events).toHaveLength(3);
      expect((await list({ types: ['payout.paid'] })).data).toEqual([]);
    });

    it('are listed from a known one on, towards older and towards newer ones', async () => {
      const [newest, middle, oldest] = (await made()).map(({ id }) => id);
      const older = await list({ limit: 1, starting_after: newest ?? '' });
      expect(older).toMatchObject({ has_more: true, data: [{ id: middle }] });
      expect(older.data).toHaveLength(1);
      const newer = await list({ limit: 1, ending_before: oldest ?? '' });
      expect(newer).toMatchObject({ has_more: true, data: [{ id: middle }] });
      expect((await list({ ending_before: oldest ?? '' })).data.map(({ id }) => id)).toEqual([newest, middle]);
    });

    it('are listed by the time when they happened', async () => {
      const [newest] = await made();
      const at = newest?.created ?? 0;
      expect((await list({ limit: 1, created: { gte: at } })).data.map(({ id }) => id)).toEqual([newest?.id]);
      expect((await list({ created: { gte: at + 3600 } })).data).toEqual([]);
      expect((await list({ created: { lt: at - 3600 } })).data).toEqual([]);
    });

    it('are not listed by more than 20 types', async () => {
      const types = Array.from({ length: 21 }, () => 'charge.succeeded');
      await expect(list({ types })).rejects.toMatchObject({ status: 400, type: 'invalid_request_error' });
    });
  });

  describe('a webhook endpoint', () => {
    const url = 'https://payments.example.com/stripe/webhooks';
    const add = (fields: Partial<Stripe.WebhookEndpointCreateParams> = {}) =>
      call('webhook_endpoints.create', (stripe) =>
        stripe.webhookEndpoints.create({ url, enabled_events: ['charge.succeeded'], ...fields }),
      );
    const list = () =>
      call('webhook_endpoints.list', (stripe) => Array.fromAsync(stripe.webhookEndpoints.list({ limit: 100 })));

    it('is made with its secret, which no other answer shows', async () => {
      const metadata = { managed_by: 'us' };
      const { secret, ...endpoint } = await add({ metadata, description: 'ours' });
      expect(endpoint).toMatchObject({ url, status: 'enabled', enabled_events: ['charge.succeeded'], metadata });
      expect(secret).toMatch(/^whsec_/);
      expect(await list()).toContainEqual(endpoint);
    });

    it('is listed with the others, the newest first', async () => {
      const made = [(await add()).id, (await add()).id, (await add()).id];
      const ids = (await list()).map(({ id }) => id);
      expect(ids.filter((id) => made.includes(id))).toEqual(made.toReversed());
    });

    it('changes in what an update names', async () => {
      const { secret: _, ...before } = await add();
      const enabled_events: Stripe.WebhookEndpointUpdateParams.EnabledEvent[] = ['charge.failed', 'charge.refunded'];
      await call('webhook_endpoints.update', (stripe) => stripe.webhookEndpoints.update(before.id, { enabled_events }));
      expect(await list()).toContainEqual({ ...before, enabled_events });
    });

    it('is gone once it is deleted', async () => {
      const { id } = await add();
      const remove = () => call('webhook_endpoints.delete', (stripe) => stripe.webhookEndpoints.del(id));
      await remove();
      expect((await list()).map((each) => each.id)).not.toContain(id);
      await expect(remove()).rejects.toThrow(NotFoundError);
    });

    it('is not made for what is no URL', async () => {
      await expect(add({ url: 'nowhere' })).rejects.toMatchObject({ code: 'url_invalid', param: 'url' });
    });
  });
}
