import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { addPayButton } from '../dom.ts';
import { Enabler } from '../enabler.ts';
import { DropinType, PaymentMethod } from '../payment-enabler.ts';
import { type Answer, fakeHost, fakeProcessor, fakeStripe, paymentIntent, succeeded } from '../testing.ts';

const STORED = [
  {
    id: 'pm-1',
    type: 'card',
    token: 'pm_secret',
    createdAt: '2026-01-01T00:00:00Z',
    isDefault: true,
    displayOptions: { endDigits: '4242' },
  },
  {
    id: 'pm-2',
    type: 'sepa_debit',
    token: 'pm_other',
    createdAt: '2026-01-01T00:00:00Z',
    isDefault: false,
    displayOptions: {},
  },
];

function page(answers: Record<string, Answer | Answer[]> = {}) {
  const stripe = fakeStripe();
  const processor = fakeProcessor({
    'GET /stored-payment-methods': [200, { storedPaymentMethods: STORED }],
    ...answers,
  });
  const host = fakeHost(stripe, processor);
  return { stripe, processor, enabler: new Enabler(host.options, host.dependencies), ...host };
}
const DISABLED: Answer = [
  200,
  { environment: 'TEST', publishableKey: 'pk_test_1', storedPaymentMethodsConfig: { isEnabled: false } },
];

it('wire values of payment methods are those that Checkout knows', () => {
  expect(PaymentMethod).toEqual({
    applePay: 'applepay',
    bancontactcard: 'bcmc',
    card: 'card',
    customtestmethod: 'customtestmethod',
    dropin: 'dropin',
    eps: 'eps',
    googlePay: 'googlepay',
    ideal: 'ideal',
    invoice: 'invoice',
    klarna_pay_later: 'klarna',
    klarna_pay_now: 'klarna_paynow',
    klarna_pay_overtime: 'klarna_account',
    paypal: 'paypal',
    purchaseorder: 'purchaseorder',
    twint: 'twint',
  });
  expect(DropinType).toEqual({ embedded: 'embedded', hpp: 'hpp' });
});

it('tells the host that it submits cards and stored methods', async () => {
  const { enabler } = page();
  expect((await enabler.createComponentBuilder('card')).componentHasSubmit).toBe(true);
  expect((await enabler.createStoredPaymentMethodBuilder('card')).componentHasSubmit).toBe(true);
});

describe('the card component', () => {
  async function card(answers = {}) {
    const made = page(answers);
    const component = (await made.enabler.createComponentBuilder('card')).build({});
    await component.mount('#card');
    return { ...made, component };
  }

  it('pays once the card is complete', async () => {
    const { component, stripe, results } = await card();
    stripe.element.emit('change', { complete: true, brand: 'visa' });
    await component.submit();
    expect(stripe.confirms[0]).toMatchObject({
      clientSecret: 'pi_1_secret',
      return_url: expect.stringContaining('paymentReference=payment-1'),
    });
    expect(results).toEqual([{ isSuccess: true, paymentReference: 'payment-1' }]);
  });

  it('reports why its Elements cannot be created by onError, not by build, and may be mounted again', async () => {
    const made = page();
    const component = (await made.enabler.createComponentBuilder('card')).build({});
    made.stripe.elementsFails = true;
    await expect(component.mount('#card')).rejects.toMatchObject({ name: 'EnablerError', code: 'mount_failed' });
    expect(made.errors.map(({ error }) => error.code)).toEqual(['mount_failed']);
    made.stripe.elementsFails = false;
    await expect(component.mount('#card')).resolves.toBeUndefined();
  });

  it.each(['deferred', 'pi_first'])('pays the rest of a cart that grew while it was paid (%s)', async (flowType) => {
    const opened = (number: number): Answer => [
      200,
      {
        sClientSecret: `pi_${number}_secret`,
        paymentReference: `payment-${number}`,
        merchantReturnUrl: 'https://shop.example/thanks',
        cartId: 'cart-1',
      },
    ];
    const amountDue = { centAmount: 500, currencyCode: 'EUR', fractionDigits: 2 };
    const { component, stripe, processor, results, errors } = await card({
      'GET /config-element/payment': [
        200,
        {
          cartInfo: { amount: 2400, currency: 'EUR' },
          captureMethod: 'automatic',
          collectBillingAddress: 'auto',
          flowType,
        },
      ],
      'GET /payments': [opened(1), opened(2)],
      'POST /confirmPayments/payment-1': [400, { outcome: 'rejected', code: 'cart_changed', amountDue }],
      'POST /confirmPayments/payment-2': [200, { outcome: 'approved' }],
    });
    stripe.element.emit('change', { complete: true, brand: 'visa' });
    await component.submit();
    expect(errors).toMatchObject([{ error: { code: 'cart_changed', amountDue }, paymentReference: 'payment-1' }]);
    await component.submit();
    expect(results).toEqual([{ isSuccess: true, paymentReference: 'payment-2' }]);
    expect(processor.count('GET /payments')).toBe(2);
  });

  it('opens no payment for an incomplete card, and focuses the card', async () => {
    const { component, stripe, processor, errors } = await card();
    await component.submit();
    expect(errors[0]?.error).toMatchObject({ code: 'incomplete_card', type: 'validation_error' });
    expect(processor.count('GET /payments')).toBe(0);
    expect(stripe.element.isFocused).toBe(true);
  });

  it('returns the state of the card', async () => {
    const { component, stripe } = await card();
    await expect(component.isValid?.()).resolves.toBe(false);
    await expect(component.getState?.()).resolves.toEqual({});
    stripe.element.emit('change', { complete: true, brand: 'visa' });
    await expect(component.isValid?.()).resolves.toBe(true);
    await expect(component.getState?.()).resolves.toEqual({ card: { brand: 'visa' } });
  });

  it('stores the card of a known customer who agreed', async () => {
    const { component, stripe } = await card({
      'GET /customer/session': [200, { stripeCustomerId: 'cus_1', ephemeralKey: 'ek', sessionId: 's' }],
    });
    stripe.element.emit('change', { complete: true });
    await component.submit({ storePaymentDetails: true });
    expect(stripe.confirms[0]).toMatchObject({
      setup_future_usage: 'off_session',
      payment_method: { allow_redisplay: 'always' },
    });
  });
});

/** The parts of a page that a pay button uses. */
function fakeDocument() {
  const buttons: { disabled: boolean; click: () => void }[] = [];
  const styles: { attributes: string[]; textContent: string }[] = [];
  const createElement = (tag: string) => {
    const attributes: string[] = [];
    const element = {
      tag,
      attributes,
      disabled: false,
      textContent: '',
      click: () => {},
      addEventListener: (_type: string, listener: () => void) => {
        element.click = listener;
      },
      setAttribute: (name: string) => attributes.push(name),
      remove: () => {},
    };
    return element;
  };
  vi.stubGlobal('document', {
    adoptedStyleSheets: [],
    createElement,
    querySelector: () => ({ after: (button: (typeof buttons)[number]) => buttons.push(button) }),
    head: { append: (style: (typeof styles)[number]) => styles.push(style) },
  });
  return { buttons, styles };
}

describe('a pay button of ours', () => {
  beforeEach(() => {
    vi.stubGlobal(
      'CSSStyleSheet',
      class {
        replaceSync() {}
      },
    );
  });
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  it.each(['card', 'stored'])(
    'works again when the browser kept the page and the shopper returns from the bank (%s)',
    async (kind) => {
      const { buttons } = fakeDocument();
      const { enabler, stripe, results, restorePage } = page();
      if (kind === 'card') {
        const card = (await enabler.createComponentBuilder('card')).build({ showPayButton: true });
        await card.mount('#card');
        stripe.element.emit('change', { complete: true, brand: 'visa' });
      } else {
        const builder = await enabler.createStoredPaymentMethodBuilder('card');
        await builder.build({ id: 'pm-1', brands: [], showPayButton: true }).mount('#card');
      }
      const [button] = buttons;
      // The page leaves for the bank, so Stripe never answers.
      stripe.confirm = () => new Promise(() => {});
      button?.click();
      await vi.waitFor(() => expect(stripe.confirms).toHaveLength(1));
      expect(button?.disabled).toBe(true);
      restorePage();
      await vi.waitFor(() => expect(button?.disabled).toBe(false));

      stripe.retrieve = async () => paymentIntent({ status: 'requires_payment_method' });
      stripe.confirm = async () => succeeded;
      button?.click();
      await vi.waitFor(() => expect(results).toEqual([{ isSuccess: true, paymentReference: 'payment-1' }]));
    },
  );

  it('is added, with a style element that hosts know, in a browser without constructed style sheets', async () => {
    vi.stubGlobal(
      'CSSStyleSheet',
      class {
        constructor() {
          throw new TypeError('Illegal constructor');
        }
      },
    );
    const { buttons, styles } = fakeDocument();
    addPayButton('#card', 'Pay', { askHost: async () => {}, pay: async () => {} });
    addPayButton('#card', 'Pay', { askHost: async () => {}, pay: async () => {} });
    expect(buttons).toHaveLength(2);
    expect(styles).toEqual([
      expect.objectContaining({
        attributes: ['data-ctc-connector-styles'],
        textContent: expect.stringContaining('.ctc-connector-pay'),
      }),
    ]);
  });
});

describe('stored payment methods', () => {
  it('are listed by type, without their token', async () => {
    const { enabler } = page();
    const answer = await enabler.getStoredPaymentMethods({ allowedMethodTypes: ['card'] });
    expect(answer.storedPaymentMethods?.map(({ id }) => id)).toEqual(['pm-1']);
    expect(JSON.stringify(answer)).not.toContain('pm_secret');
  });

  it('are empty while the feature is off', async () => {
    const { enabler } = page({ 'GET /operations/config': DISABLED });
    await expect(enabler.isStoredPaymentMethodsEnabled()).resolves.toBe(false);
    await expect(enabler.getStoredPaymentMethods({ allowedMethodTypes: ['card'] })).resolves.toEqual({
      storedPaymentMethods: [],
    });
    await expect(enabler.createStoredPaymentMethodBuilder('card')).rejects.toMatchObject({
      code: 'stored_payment_methods_disabled',
    });
  });

  it('are empty for a guest', async () => {
    const { enabler } = page({ 'GET /stored-payment-methods': [400, { errors: [{ code: 'RequiredField' }] }] });
    await expect(enabler.getStoredPaymentMethods({ allowedMethodTypes: ['card'] })).resolves.toEqual({
      storedPaymentMethods: [],
    });
    await expect(enabler.createStoredPaymentMethodBuilder('card')).resolves.toHaveProperty('build');
  });

  it('pay without any input', async () => {
    const { enabler, stripe, results } = page();
    const component = (await enabler.createStoredPaymentMethodBuilder('card')).build({ id: 'pm-1', brands: ['visa'] });
    await component.mount('#stored');
    await component.submit();
    expect(stripe.confirms[0]).toMatchObject({
      clientSecret: 'pi_1_secret',
      confirmParams: { payment_method: 'pm_secret' },
    });
    expect(results).toHaveLength(1);
  });

  it('that are not the shopper’s cannot be built', async () => {
    const { enabler } = page();
    const builder = await enabler.createStoredPaymentMethodBuilder('card');
    expect(() => builder.build({ id: 'pm-9', brands: [] })).toThrow('No stored payment method has the id pm-9.');
  });

  it('are removed at the processor, and a refusal is reported', async () => {
    const { enabler, processor } = page({
      'DELETE /stored-payment-methods/pm-1': [[200], [404, { errors: [{ code: 'ResourceNotFound' }] }]],
    });
    const component = (await enabler.createStoredPaymentMethodBuilder('card')).build({ id: 'pm-1', brands: [] });
    await component.remove();
    expect(processor.calls.at(-1)).toMatchObject({ headers: { 'X-Session-Id': 'session-1' } });
    await expect(component.remove()).rejects.toMatchObject({ code: 'ResourceNotFound' });
  });
});

describe('unsupported types are named', () => {
  it.each([
    [
      'component',
      (enabler: Enabler) => enabler.createComponentBuilder('invoice'),
      'Component type not supported: invoice. Supported types: card',
    ],
    [
      'express',
      (enabler: Enabler) => enabler.createExpressBuilder('sample'),
      'Express checkout type not supported: sample. Supported types: dropin',
    ],
    [
      'stored',
      (enabler: Enabler) => enabler.createStoredPaymentMethodBuilder('paypal'),
      'Stored payment method type not supported: paypal. Supported types: card',
    ],
  ])('%s', async (_kind, create, message) => {
    await expect(create(page().enabler)).rejects.toThrow(message);
  });
});
