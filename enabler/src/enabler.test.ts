import { runInNewContext } from 'node:vm';
import { describe, expect, it, vi } from 'vitest';
import { Enabler } from './enabler.ts';
import type { DropinOptions, EnablerOptions } from './payment-enabler.ts';
import { type Answer, fakeHost, fakeProcessor, fakeStripe, paymentIntent, stripeError, succeeded } from './testing.ts';

const METHODS = [
  'createDropinBuilder',
  'createComponentBuilder',
  'createExpressBuilder',
  'createStoredPaymentMethodBuilder',
  'isStoredPaymentMethodsEnabled',
  'getStoredPaymentMethods',
  'setStorePaymentDetails',
  'resume',
] as const;

async function page(answers: Record<string, Answer | Answer[]> = {}, options: DropinOptions = {}) {
  const stripe = fakeStripe();
  const processor = fakeProcessor(answers);
  const host = fakeHost(stripe, processor);
  const enabler = new Enabler(host.options, host.dependencies);
  const builder = await enabler.createDropinBuilder('embedded');
  const dropin = builder.build(options);
  return { stripe, processor, enabler, builder, dropin, ...host };
}

async function mounted(answers: Record<string, Answer | Answer[]> = {}) {
  const made = await page(answers);
  await made.dropin.mount('#pay');
  return made;
}

const elementConfig = (fields: object): Answer => [
  200,
  {
    cartInfo: { amount: 2400, currency: 'EUR' },
    captureMethod: 'automatic',
    collectBillingAddress: 'auto',
    flowType: 'deferred',
    ...fields,
  },
];
const CONFIRM = 'POST /confirmPayments/payment-1';

describe('a payment in the drop-in', () => {
  it('is opened, confirmed at Stripe and at the processor, and then a success', async () => {
    const { dropin, stripe, processor, results, errors } = await mounted();
    await dropin.submit();
    expect(results).toEqual([{ isSuccess: true, paymentReference: 'payment-1' }]);
    expect(errors).toEqual([]);
    expect(stripe.confirms).toEqual([
      expect.objectContaining({
        clientSecret: 'pi_1_secret',
        redirect: 'if_required',
        confirmParams: { return_url: 'https://shop.example/thanks?cartId=cart-1&paymentReference=payment-1' },
      }),
    ]);
    expect(processor.calls.at(-1)).toMatchObject({
      call: CONFIRM,
      headers: { 'X-Session-Id': 'session-1', 'Content-Type': 'application/json' },
      body: { paymentIntent: 'pi_1' },
    });
  });

  it('leaves the pay button to the host', async () => {
    const { builder } = await page();
    expect(builder.dropinHasSubmit).toBe(true);
  });

  it('sends the billing address that the form did not collect', async () => {
    const { dropin, stripe } = await mounted({
      'GET /payments': [
        200,
        {
          sClientSecret: 's',
          paymentReference: 'payment-1',
          merchantReturnUrl: 'https://shop.example',
          cartId: 'c',
          billingAddress: '{"name":"Ada"}',
        },
      ],
    });
    await dropin.submit();
    expect(stripe.confirms[0]?.confirmParams).toMatchObject({
      payment_method_data: { billing_details: { name: 'Ada' } },
    });
  });

  it('that is still processing is pending, and not a success', async () => {
    const { dropin, stripe, results } = await mounted({ [CONFIRM]: [202, { outcome: 'pending' }] });
    stripe.confirm = async () => paymentIntent({ status: 'processing' });
    await dropin.submit();
    expect(results).toEqual([{ isSuccess: false, isPending: true, paymentReference: 'payment-1' }]);
  });

  it('is opened before the form in the pi_first flow, once for all forms of the enabler', async () => {
    const { enabler, dropin, stripe, processor, results } = await mounted({
      'GET /config-element/payment': elementConfig({ flowType: 'pi_first' }),
    });
    const second = (await enabler.createDropinBuilder('embedded')).build({});
    await second.mount('#other');
    expect(stripe.elementsOptions).toEqual([
      { clientSecret: 'pi_1_secret', appearance: {}, locale: 'en' },
      { clientSecret: 'pi_1_secret', appearance: {}, locale: 'en' },
    ]);
    await dropin.submit();
    expect(results).toHaveLength(1);
    expect(processor.count('GET /payments')).toBe(1);
  });
});

describe('a payment that fails', () => {
  it('ends at an incomplete form, without opening a payment', async () => {
    const { dropin, stripe, processor, errors } = await mounted();
    stripe.submit = async () => ({
      error: { type: 'validation_error', code: 'incomplete_number', message: 'Incomplete.' },
    });
    await dropin.submit();
    expect(errors[0]?.error).toMatchObject({ name: 'PaymentError', code: 'incomplete_number', message: 'Incomplete.' });
    expect(processor.count('GET /payments')).toBe(0);
  });

  it('keeps Stripe’s codes and message, names the payment, and focuses the form', async () => {
    const { dropin, stripe, results, errors } = await mounted();
    stripe.confirm = async () =>
      stripeError({
        type: 'card_error',
        code: 'card_declined',
        decline_code: 'insufficient_funds',
        message: 'Votre carte est à sec.',
        payment_intent: { client_secret: 'pi_1_secret' } as never,
      });
    await dropin.submit();
    expect(results).toEqual([]);
    expect(errors).toEqual([
      {
        error: expect.objectContaining({
          type: 'card_error',
          code: 'card_declined',
          decline_code: 'insufficient_funds',
          declineCode: 'insufficient_funds',
          message: 'Votre carte est à sec.',
        }),
        paymentReference: 'payment-1',
      },
    ]);
    expect(errors[0]?.error).toBeInstanceOf(Error);
    expect(JSON.stringify(errors[0]?.error)).not.toContain('pi_1_secret');
    expect(stripe.element.isFocused).toBe(true);
  });

  it('can be repeated with another card', async () => {
    const { dropin, stripe, results } = await mounted();
    stripe.confirm = async () => stripeError({ type: 'card_error', code: 'card_declined' });
    await dropin.submit();
    stripe.confirm = async () => succeeded;
    await dropin.submit();
    expect(results).toEqual([{ isSuccess: true, paymentReference: 'payment-1' }]);
  });

  it('says what the shopper must do elsewhere', async () => {
    const { dropin, stripe, errors } = await mounted();
    stripe.confirm = async () => paymentIntent({ status: 'requires_action', next_action: { type: 'blik_authorize' } });
    await dropin.submit();
    expect(errors[0]?.error).toMatchObject({ type: 'requires_action', next_action: { type: 'blik_authorize' } });
  });

  it('has Stripe’s record when it waits after a decline', async () => {
    const { dropin, stripe, errors } = await mounted();
    const last_payment_error = { code: 'card_declined', decline_code: 'lost_card', message: 'Declined.' };
    stripe.confirm = async () => paymentIntent({ status: 'requires_payment_method', last_payment_error });
    await dropin.submit();
    expect(errors[0]?.error).toMatchObject({
      type: 'payment_failed',
      message: 'Declined.',
      last_payment_error,
      declineCode: 'lost_card',
    });
  });

  it('has the processor’s codes when the processor rejects it', async () => {
    const { dropin, errors } = await mounted({
      [CONFIRM]: [
        400,
        {
          outcome: 'rejected',
          error: 'Payment confirmation failed',
          code: 'card_declined',
          declineCode: 'expired_card',
        },
      ],
    });
    await dropin.submit();
    expect(errors[0]).toMatchObject({
      error: { code: 'card_declined', declineCode: 'expired_card', message: 'Your card has expired.' },
      paymentReference: 'payment-1',
    });
  });

  it('says that the cart was already paid', async () => {
    const { dropin, errors } = await mounted({
      'GET /payments': [
        400,
        { message: 'The cart has already been paid in full', errors: [{ code: 'InvalidOperation' }] },
      ],
    });
    await dropin.submit();
    expect(errors[0]?.error).toMatchObject({ code: 'already_paid', status: 400 });
  });

  it('is not opened after the session has expired', async () => {
    const { dropin, errors } = await mounted({
      'GET /payments': [401, { message: 'Session is not active', errors: [{ code: 'invalid_token' }] }],
    });
    await dropin.submit();
    expect(errors[0]?.error).toMatchObject({
      code: 'invalid_token',
      message: 'Your checkout session has expired. Please reload the page.',
    });
  });
});

describe('a cart that changes while it is paid', () => {
  const opened = (number: number): Answer => [
    200,
    {
      sClientSecret: `pi_${number}_secret`,
      paymentReference: `payment-${number}`,
      merchantReturnUrl: 'https://shop.example/thanks',
      cartId: 'cart-1',
    },
  ];
  const amountDue = { centAmount: 21_600, currencyCode: 'EUR', fractionDigits: 2 };
  const grew = (): Record<string, Answer | Answer[]> => ({
    'GET /payments': [opened(1), opened(2)],
    [CONFIRM]: [400, { outcome: 'rejected', error: 'Payment confirmation failed', code: 'cart_changed', amountDue }],
    'POST /confirmPayments/payment-2': [200, { outcome: 'approved' }],
  });
  const showing = (amount: number, currency = 'EUR') => elementConfig({ cartInfo: { amount, currency } });
  const REMAINS = 'Your payment was received, but your cart has changed since then. €216.00 remains to be paid.';
  const PAID_REST = [{ isSuccess: true, paymentReference: 'payment-2' }];

  it('reports what remains; the paid amount stays, and the same form pays the rest', async () => {
    const { dropin, stripe, processor, results, errors } = await mounted({
      ...grew(),
      'GET /config-element/payment': [showing(2400), showing(21_600)],
    });
    await dropin.submit();
    expect(results).toEqual([]);
    expect(errors).toEqual([
      {
        error: expect.objectContaining({ name: 'PaymentError', code: 'cart_changed', amountDue, message: REMAINS }),
        paymentReference: 'payment-1',
      },
    ]);
    expect(stripe.elementsUpdates).toEqual([{ amount: 21_600, currency: 'eur', captureMethod: 'automatic' }]);
    await dropin.submit();
    expect(results).toEqual(PAID_REST);
    expect(stripe.confirms.map(({ clientSecret }) => clientSecret)).toEqual(['pi_1_secret', 'pi_2_secret']);
    expect(processor.count(CONFIRM)).toBe(1);
  });

  it('gets a new form for the rest when the form is bound to the payment (pi_first)', async () => {
    const { dropin, stripe, results, errors } = await mounted({
      ...grew(),
      'GET /config-element/payment': elementConfig({ flowType: 'pi_first' }),
    });
    await dropin.submit();
    expect(errors.map(({ error }) => error.code)).toEqual(['cart_changed']);
    expect(stripe.elementsOptions).toMatchObject([{ clientSecret: 'pi_1_secret' }, { clientSecret: 'pi_2_secret' }]);
    expect(stripe.elements.map(({ isMounted }) => isMounted)).toEqual([false, true]);
    await dropin.submit();
    expect(results).toEqual(PAID_REST);
  });

  it('with two forms of one payment (pi_first): the second form takes the change, and pays the rest', async () => {
    const { enabler, dropin, stripe, processor, results, errors } = await mounted({
      ...grew(),
      'GET /config-element/payment': elementConfig({ flowType: 'pi_first' }),
    });
    const second = (await enabler.createDropinBuilder('embedded')).build({});
    await second.mount('#other');
    await dropin.submit();
    stripe.confirm = async () =>
      stripeError({ type: 'invalid_request_error', code: 'payment_intent_unexpected_state' });
    await second.submit();
    expect(errors.map(({ error }) => error.code)).toEqual(['cart_changed', 'cart_changed']);
    stripe.confirm = async () => succeeded;
    await second.submit();
    expect(results).toEqual(PAID_REST);
    expect(processor.count('GET /payments')).toBe(2);
  });

  it('that was paid although the answer got lost: the remaining amount is reported', async () => {
    const { dropin, stripe, errors } = await mounted(grew());
    stripe.confirm = async () => stripeError({ type: 'api_connection_error' });
    await dropin.submit();
    expect(errors.map(({ error }) => error.code)).toEqual(['cart_changed']);
  });

  it('reports what remains after a redirect', async () => {
    const { enabler, results, errors } = await page(grew());
    await enabler.resume(
      'https://shop.example/thanks?cartId=cart-1&paymentReference=payment-1&payment_intent=pi_1&payment_intent_client_secret=pi_1_secret',
    );
    expect(results).toEqual([]);
    expect(errors[0]).toMatchObject({
      error: { code: 'cart_changed', message: REMAINS },
      paymentReference: 'payment-1',
    });
  });

  it('before it is paid: nothing is paid, the shopper sees the amount, and the next submit pays it', async () => {
    const { dropin, stripe, results, errors } = await mounted({
      'GET /config-element/payment': [showing(2400), showing(3000)],
    });
    stripe.confirm = async () =>
      stripeError({ type: 'invalid_request_error', code: 'payment_intent_invalid_parameter' });
    await dropin.submit();
    expect(errors).toEqual([
      {
        error: expect.objectContaining({
          code: 'amount_changed',
          type: 'amount_changed',
          amountDue: { centAmount: 3000, currencyCode: 'EUR', fractionDigits: 2 },
          message: 'The amount to pay has changed to €30.00. Please check your order and pay again.',
        }),
        paymentReference: 'payment-1',
      },
    ]);
    expect(stripe.elementsUpdates).toEqual([{ amount: 3000, currency: 'eur', captureMethod: 'automatic' }]);
    stripe.confirm = async () => succeeded;
    await dropin.submit();
    expect(results).toHaveLength(1);
  });

  it('to another currency before it is paid: the amount is shown in that currency', async () => {
    const { dropin, stripe, errors } = await mounted({
      'GET /config-element/payment': [showing(2400), showing(100_000, 'ISK')],
    });
    stripe.confirm = async () => stripeError({ type: 'invalid_request_error' });
    await dropin.submit();
    expect(errors[0]?.error).toMatchObject({
      amountDue: { centAmount: 1000, currencyCode: 'ISK', fractionDigits: 0 },
    });
  });

  it('that did not change: Stripe’s refusal is reported unchanged', async () => {
    const { dropin, stripe, errors } = await mounted();
    stripe.confirm = async () => stripeError({ type: 'invalid_request_error', code: 'resource_missing' });
    await dropin.submit();
    expect(errors[0]?.error).toMatchObject({ code: 'resource_missing' });
    expect(stripe.elementsUpdates).toEqual([]);
  });
});

describe('a voucher', () => {
  const voucher = (type: string) => paymentIntent({ status: 'requires_action', next_action: { type } });
  const PENDING = { isSuccess: false, isPending: true, paymentReference: 'payment-1' };

  it.each([
    'multibanco_display_details',
    'boleto_display_details',
    'oxxo_display_details',
    'konbini_display_details',
    'display_bank_transfer_instructions',
  ])('(%s) is pending, because the shopper has it and pays it later', async (type) => {
    const { dropin, stripe, processor, results, errors } = await mounted({ [CONFIRM]: [202, { outcome: 'pending' }] });
    stripe.confirm = async () => voucher(type);
    await dropin.submit();
    expect(results).toEqual([PENDING]);
    expect(errors).toEqual([]);
    expect(processor.count(CONFIRM)).toBe(1);
  });

  it.each<[string, Answer]>([
    ['rejects it', [400, { outcome: 'rejected', error: 'Payment confirmation failed' }]],
    ['is away', 'lost'],
    ['has ended the session', [401, { errors: [{ code: 'invalid_token' }] }]],
  ])('is pending when the processor %s', async (_what, answer) => {
    const { dropin, stripe, results, errors } = await mounted({ [CONFIRM]: answer });
    stripe.confirm = async () => voucher('oxxo_display_details');
    await dropin.submit();
    expect([results, errors]).toEqual([[PENDING], []]);
  });

  it('is found at Stripe when its confirmation got lost', async () => {
    const { dropin, stripe, results } = await mounted({ [CONFIRM]: [202, { outcome: 'pending' }] });
    stripe.confirm = async () => stripeError({ type: 'api_connection_error' });
    stripe.retrieve = async () => voucher('konbini_display_details');
    await dropin.submit();
    expect(results).toEqual([PENDING]);
  });
});

describe('when an answer gets lost', () => {
  it('the processor is asked for the outcome again', async () => {
    const { dropin, processor, results, waits } = await mounted({
      [CONFIRM]: ['lost', [503], [200, { outcome: 'approved' }]],
    });
    await dropin.submit();
    expect(results).toEqual([{ isSuccess: true, paymentReference: 'payment-1' }]);
    expect(processor.count(CONFIRM)).toBe(3);
    expect(waits).toEqual([500, 1000]);
  });

  it.each<[string, Answer]>([
    ['the processor stays unreachable', 'lost'],
    ['the session expired meanwhile', [401, { errors: [{ code: 'invalid_token' }] }]],
    ['a firewall in front of the processor refuses the call', [403]],
    ['the gateway does not know the route', [404, { message: 'no such route' }]],
    ['the gateway gave up waiting', [408]],
  ])('a payment that Stripe has taken is pending: %s', async (_why, answer) => {
    const { dropin, results, errors } = await mounted({ [CONFIRM]: answer });
    await dropin.submit();
    expect(results).toEqual([{ isSuccess: false, isPending: true, paymentReference: 'payment-1' }]);
    expect(errors).toEqual([]);
  });

  it('Stripe’s record of the PaymentIntent decides', async () => {
    const { dropin, stripe, results } = await mounted();
    stripe.confirm = async () => stripeError({ type: 'api_connection_error' });
    stripe.retrieve = async () => paymentIntent({ status: 'succeeded' });
    await dropin.submit();
    expect(results).toEqual([{ isSuccess: true, paymentReference: 'payment-1' }]);
  });

  it('and Stripe never took the payment, it is a failure that can be repeated', async () => {
    const { dropin, stripe, results, errors } = await mounted();
    stripe.confirm = async () => stripeError({ type: 'api_connection_error' });
    stripe.retrieve = async () => paymentIntent({ status: 'requires_payment_method' });
    await dropin.submit();
    expect(errors[0]?.error).toMatchObject({ type: 'api_connection_error' });
    stripe.confirm = async () => succeeded;
    await dropin.submit();
    expect(results).toHaveLength(1);
  });

  it('and nobody can be asked, the outcome is not guessed; the next submit asks before it pays', async () => {
    const { dropin, stripe, processor, results, errors } = await mounted();
    stripe.confirm = async () => stripeError({ type: 'api_connection_error' });
    stripe.retrieve = async () => Promise.reject(new TypeError('offline'));
    await dropin.submit();
    expect(errors[0]).toMatchObject({ error: { code: 'payment_status_unknown' }, paymentReference: 'payment-1' });

    stripe.retrieve = async () => paymentIntent({ status: 'succeeded' });
    await dropin.submit();
    expect(results).toEqual([{ isSuccess: true, paymentReference: 'payment-1' }]);
    expect(stripe.confirms).toHaveLength(1);
    expect(processor.count('GET /payments')).toBe(1);
  });
});

describe('the page', () => {
  it('pays once when it submits twice', async () => {
    const { dropin, stripe, results } = await mounted();
    await Promise.all([dropin.submit(), dropin.submit()]);
    await dropin.submit();
    expect(stripe.confirms).toHaveLength(1);
    expect(results).toHaveLength(1);
  });

  it('may submit before the form is ready, which waits for the form', async () => {
    const { dropin, stripe, results } = await page();
    stripe.isReadyAtOnce = false;
    await dropin.mount('#pay');
    const submitting = dropin.submit();
    expect(stripe.confirms).toEqual([]);
    stripe.element.emit('ready');
    await submitting;
    expect(results).toHaveLength(1);
  });

  it('gets an error when it submits without a form', async () => {
    const { dropin, errors } = await page();
    await dropin.submit();
    expect(errors[0]?.error).toMatchObject({ name: 'NotReadyError', code: 'not_mounted' });
  });

  it('is notified when the form is ready', async () => {
    let isReady = false;
    const { dropin, stripe } = await page(
      {},
      {
        onDropinReady: async () => {
          isReady = true;
        },
      },
    );
    stripe.isReadyAtOnce = false;
    await dropin.mount('#pay');
    expect(isReady).toBe(false);
    stripe.element.emit('ready');
    await Promise.resolve();
    expect(isReady).toBe(true);
  });

  it('is notified when the form does not load', async () => {
    const { dropin, stripe, errors } = await page();
    stripe.isReadyAtOnce = false;
    await dropin.mount('#pay');
    stripe.element.emit('loaderror', { error: { type: 'api_error', message: 'nope' } });
    await Promise.resolve();
    expect(errors[0]?.error).toMatchObject({ code: 'form_not_loaded' });
  });

  it('without the given element gets a rejected mount, and an error if it does not wait', async () => {
    const { dropin, errors } = await page();
    await expect(dropin.mount('#missing')).rejects.toMatchObject({ code: 'mount_failed' });
    expect(errors.map(({ error }) => error.code)).toEqual(['mount_failed']);
  });

  it('gets the reason by onError, not by build, when Elements cannot be created, and may mount again', async () => {
    const { dropin, stripe, errors, results } = await page();
    stripe.elementsFails = true;
    await expect(dropin.mount('#pay')).rejects.toMatchObject({ name: 'EnablerError', code: 'mount_failed' });
    expect(errors.map(({ error }) => error.code)).toEqual(['mount_failed']);
    stripe.elementsFails = false;
    await dropin.mount('#pay');
    await dropin.submit();
    expect(results).toHaveLength(1);
  });

  it('gets an error when it removes the form while it waits', async () => {
    const { dropin, stripe, errors } = await page();
    stripe.isReadyAtOnce = false;
    await dropin.mount('#pay');
    const submitting = dropin.submit();
    await dropin.unmount();
    await submitting;
    expect(errors.map(({ error }) => error.code)).toEqual(['unmounted']);
  });

  it('still gets the result when it removes the form while Stripe confirms', async () => {
    const { dropin, stripe, results } = await mounted();
    let answer = (_result: typeof succeeded) => {};
    stripe.confirm = () => new Promise((resolve) => (answer = resolve));
    const submitting = dropin.submit();
    await expect.poll(() => stripe.confirms.length).toBe(1);
    await dropin.unmount();
    answer(succeeded);
    await submitting;
    expect(results).toHaveLength(1);
  });

  it('can pay again after the back button, when Stripe was asked first', async () => {
    const { dropin, stripe, results, restorePage } = await mounted();
    stripe.confirm = () => new Promise(() => {});
    const submitting = dropin.submit();
    await expect.poll(() => stripe.confirms.length).toBe(1);
    restorePage();
    await submitting;
    stripe.retrieve = async () => paymentIntent({ status: 'requires_payment_method' });
    stripe.confirm = async () => succeeded;
    await dropin.submit();
    expect(results).toEqual([{ isSuccess: true, paymentReference: 'payment-1' }]);
  });

  it('may throw in its own callback without breaking the payment', async () => {
    const { enabler: _, ...rest } = await page();
    const enabler = new Enabler(
      {
        ...rest.options,
        onComplete: () => {
          throw new Error('host bug');
        },
      },
      rest.dependencies,
    );
    const dropin = (await enabler.createDropinBuilder('embedded')).build({});
    await dropin.mount('#pay');
    await expect(dropin.submit()).resolves.toBeUndefined();
  });

  it('is told when its own callback returns a foreign promise that rejects', async () => {
    const reported = vi.fn();
    vi.stubGlobal('reportError', reported);
    // Some pages have a Promise of their own (Angular's zones), or a host in another frame.
    const onComplete = () => runInNewContext(`Promise.reject('host bug')`);
    const { options, dependencies } = await page();
    const enabler = new Enabler({ ...options, onComplete }, dependencies);
    const dropin = (await enabler.createDropinBuilder('embedded')).build({});
    await dropin.mount('#pay');
    await dropin.submit();
    await vi.waitFor(() => expect(reported.mock.calls).toEqual([['host bug']]));
    vi.unstubAllGlobals();
  });
});

describe('returning from a redirect', () => {
  const url =
    'https://shop.example/thanks?cartId=cart-1&paymentReference=payment-1&payment_intent=pi_1&payment_intent_client_secret=pi_1_secret&redirect_status=succeeded';

  it('asks the processor for the outcome, without Stripe.js', async () => {
    const { enabler, processor, results } = await page();
    await expect(enabler.resume(url)).resolves.toEqual({ isSuccess: true, paymentReference: 'payment-1' });
    expect(results).toEqual([{ isSuccess: true, paymentReference: 'payment-1' }]);
    expect(processor.calls.at(-1)).toMatchObject({ call: CONFIRM, body: { paymentIntent: 'pi_1' } });
  });

  it('does not trust the URL', async () => {
    const { enabler, results, errors } = await page({
      [CONFIRM]: [
        400,
        { outcome: 'rejected', error: 'Payment confirmation failed', code: 'payment_intent_authentication_failure' },
      ],
    });
    await expect(enabler.resume(url)).resolves.toBeUndefined();
    expect(results).toEqual([]);
    expect(errors[0]).toMatchObject({
      error: { code: 'payment_intent_authentication_failure' },
      paymentReference: 'payment-1',
    });
  });

  const PENDING = { isSuccess: false, isPending: true, paymentReference: 'payment-1' };
  const EXPIRED: Answer = [401, { errors: [{ code: 'invalid_token' }] }];
  it.each<[what: string, answer: Answer, given: object, told: object]>([
    ['is pending when Stripe has the payment and the session has expired', EXPIRED, { status: 'processing' }, PENDING],
    ['is pending when Stripe has the payment and the processor is away', 'lost', { status: 'succeeded' }, PENDING],
    ['is pending when Stripe has the payment and a firewall refuses the call', [403], { status: 'succeeded' }, PENDING],
    [
      'is a failure when the session has expired and Stripe does not have the payment',
      EXPIRED,
      { status: 'requires_payment_method' },
      { code: 'invalid_token' },
    ],
    [
      'is not guessed when nobody can be asked',
      EXPIRED,
      { id: 'pi_of_another_url' },
      { code: 'payment_status_unknown', message: expect.stringContaining('Please do not pay again') },
    ],
  ])('%s', async (_what, answer, given, told) => {
    const { enabler, results, errors, stripe } = await page({ [CONFIRM]: answer });
    stripe.retrieve = async () => paymentIntent(given);
    await enabler.resume(url);
    expect([...results, ...errors.map(({ error }) => error)]).toMatchObject([told]);
    for (const { paymentReference } of errors) expect(paymentReference).toBe('payment-1');
  });

  it.each(['https://shop.example/', 'https://shop.example/?paymentReference=p&cartId=c', '', 'not a url'])(
    'does nothing on %j',
    async (other) => {
      const { enabler, processor, results } = await page();
      const before = processor.calls.length;
      await expect(enabler.resume(other)).resolves.toBeUndefined();
      expect(processor.calls).toHaveLength(before);
      expect(results).toEqual([]);
    },
  );
});

describe('an enabler that a framework has wrapped or taken apart', () => {
  const STORED: Answer = [200, { storedPaymentMethods: [] }];
  const made = () => {
    const processor = fakeProcessor({
      'GET /stored-payment-methods': STORED,
      'POST /express-config': [200, { environment: 'x', publishableKey: 'pk_test_1' }],
    });
    const { options, dependencies } = fakeHost(fakeStripe(), processor);
    return new Enabler(options, dependencies);
  };

  it.each<[string, () => Enabler]>([
    ['in a Proxy, as Vue and MobX do', () => new Proxy(made(), {})],
    ['with its methods only', () => Object.fromEntries(METHODS.map((name) => [name, made()[name]])) as never],
    ['as an object that inherits from it', () => Object.create(made())],
  ])('still works: %s', async (_how, wrapped) => {
    const enabler = wrapped();
    await expect(enabler.createDropinBuilder('embedded')).resolves.toHaveProperty('build');
    await expect(enabler.createComponentBuilder('card')).resolves.toHaveProperty('build');
    await expect(enabler.createExpressBuilder('dropin')).resolves.toHaveProperty('build');
    await expect(enabler.createStoredPaymentMethodBuilder('card')).resolves.toHaveProperty('build');
    await expect(enabler.isStoredPaymentMethodsEnabled()).resolves.toBe(true);
    await expect(enabler.getStoredPaymentMethods({ allowedMethodTypes: [] })).resolves.toEqual({
      storedPaymentMethods: [],
    });
    await expect(enabler.resume('https://shop.example/')).resolves.toBeUndefined();
    expect(() => enabler.setStorePaymentDetails(true)).not.toThrow();
  });

  it("calls the methods that a host's class overrides", async () => {
    class Own extends Enabler {
      override isStoredPaymentMethodsEnabled = async () => false;
    }
    const { options, dependencies } = fakeHost(fakeStripe(), fakeProcessor());
    const enabler = new (Own as unknown as new (...args: unknown[]) => Enabler)(options, dependencies);
    await expect(enabler.getStoredPaymentMethods({ allowedMethodTypes: ['card'] })).resolves.toEqual({
      storedPaymentMethods: [],
    });
  });
});

describe('setting up', () => {
  it.each([
    [
      'another drop-in',
      (enabler: Enabler) => enabler.createDropinBuilder('hpp'),
      'Component type not supported: hpp. Supported types: embedded',
    ],
  ])('rejects %s', async (_what, create, message) => {
    const { enabler } = await page();
    await expect(create(enabler)).rejects.toThrow(message);
  });

  it('says that Stripe.js is blocked, and tries again at the next call', async () => {
    const stripe = fakeStripe();
    const { options, dependencies } = fakeHost(stripe, fakeProcessor());
    let isBlocked = true;
    const loadStripe = async () => {
      if (isBlocked) throw new Error('Failed to load Stripe.js');
      return stripe.stripe;
    };
    const enabler = new Enabler(options, { ...dependencies, loadStripe });
    await expect(enabler.createDropinBuilder('embedded')).rejects.toMatchObject({ code: 'stripe_js_unavailable' });
    isBlocked = false;
    await expect(enabler.createDropinBuilder('embedded')).resolves.toHaveProperty('build');
  });

  it('fails with the processor’s code, and repeats calls that failed temporarily', async () => {
    const { options, dependencies } = fakeHost(
      fakeStripe(),
      fakeProcessor({ 'GET /config-element/payment': [401, { errors: [{ code: 'invalid_token' }] }] }),
    );
    await expect(new Enabler(options, dependencies).createDropinBuilder('embedded')).rejects.toMatchObject({
      code: 'invalid_token',
      status: 401,
    });
    const flaky = fakeHost(
      fakeStripe(),
      fakeProcessor({ 'GET /operations/config': ['lost', [200, { environment: 'x', publishableKey: 'pk_test_1' }]] }),
    );
    await expect(
      new Enabler(flaky.options, flaky.dependencies).createDropinBuilder('embedded'),
    ).resolves.toHaveProperty('build');
  });

  it.each<[string, unknown]>([
    ['no options', undefined],
    ['no processor', { sessionId: 'session-1' }],
    ['a processorUrl that is not a text', { processorUrl: 1, sessionId: 'session-1' }],
    ['a locale that is not a text', { sessionId: 'session-1', locale: 7 }],
  ])('with %s fails in the builder, not in the constructor', async (_what, options) => {
    const { dependencies } = fakeHost(fakeStripe(), fakeProcessor());
    const enabler = new Enabler(options as EnablerOptions, dependencies);
    for (const building of [
      enabler.createDropinBuilder('embedded'),
      enabler.createComponentBuilder('card'),
      enabler.createExpressBuilder('dropin'),
    ])
      await expect(building).rejects.toMatchObject({
        name: 'ConfigurationError',
        code: expect.stringMatching(/^(invalid_processor_url|session_required)$/),
      });
  });

  it.each<[string, string, Answer]>([
    ['a page of a captive portal', 'GET /operations/config', [200]],
    ['JSON of somebody else', 'GET /operations/config', [200, { ok: true }]],
    ['JSON of somebody else', 'GET /config-element/payment', [200, { ok: true }]],
    ['JSON of somebody else', 'GET /customer/session', [200, { ok: true }]],
  ])('reports an unusable connection: %s for %s', async (_what, call, answer) => {
    const { options, dependencies } = fakeHost(fakeStripe(), fakeProcessor({ [call]: answer }));
    await expect(new Enabler(options, dependencies).createDropinBuilder('embedded')).rejects.toMatchObject({
      name: 'NetworkError',
      code: 'unreadable_answer',
    });
  });

  it.each<[string, Answer]>([
    ['a page of a captive portal', [200]],
    ['JSON of somebody else', [200, { ok: true }]],
    ['nothing', [204]],
  ])('opens no payment for %s', async (_what, answer) => {
    const { dropin, errors, stripe } = await mounted({ 'GET /payments': answer });
    await dropin.submit();
    expect(errors[0]?.error).toMatchObject({ name: 'NetworkError', code: 'unreadable_answer' });
    expect(stripe.confirms).toEqual([]);
  });

  it('does nothing in the constructor, so that it may run on a server', () => {
    const processor = fakeProcessor();
    const { options, dependencies } = fakeHost(fakeStripe(), processor);
    new Enabler(options, dependencies);
    expect(typeof window).toBe('undefined');
    expect(processor.calls).toEqual([]);
  });
});
