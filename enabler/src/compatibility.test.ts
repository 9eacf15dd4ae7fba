import { describe, expect, it, vi } from 'vitest';
import { Enabler } from './enabler.ts';
import { fakeHost, fakeProcessor, fakeStripe, stripeError } from './testing.ts';

/**
 * A page's script as its author wrote it for another version of the contract. It must not be changed to make these
 * tests pass.
 */
type Page = (EnablerClass: new (options: object) => object, told: unknown[]) => Promise<void>;

/** For the original enabler: `submit` without result, `onError` with one argument, drop-in only. */
const originalPage: Page = async (EnablerClass, told) => {
  // biome-ignore lint/suspicious/noExplicitAny: such pages are plain JavaScript.
  const enabler: any = new EnablerClass({
    processorUrl: 'https://processor.example',
    sessionId: 'session-1',
    locale: 'en',
    currency: 'EUR',
    onComplete: ({ isSuccess, paymentReference }: { isSuccess: boolean; paymentReference?: string }) => {
      told.push(isSuccess ? `thank you ${paymentReference}` : 'failed');
    },
    onError: (error: Error) => told.push(`error ${error.message}`),
  });
  const builder = await enabler.createDropinBuilder('embedded');
  const component = builder.build({
    showPayButton: !builder.dropinHasSubmit,
    onPayButtonClick: async () => {},
  });
  component.mount('#container');
  if (builder.dropinHasSubmit) await component.submit();
};

/** For the current template: stored methods, consent, components with promises, `onError` with a context. */
const currentPage: Page = async (EnablerClass, told) => {
  // biome-ignore lint/suspicious/noExplicitAny: such pages are plain JavaScript.
  const enabler: any = new EnablerClass({
    processorUrl: 'https://processor.example',
    sessionId: 'session-1',
    countryCode: 'DE',
    onActionRequired: async () => {},
    onComplete: (result: { isSuccess: boolean; paymentReference?: string }) => {
      told.push(result.isSuccess ? `thank you ${result.paymentReference}` : `not paid ${result.paymentReference}`);
    },
    onError: (error: Error, context?: { paymentReference?: string }) =>
      told.push(`error ${error.message} ${context?.paymentReference}`),
  });
  if (await enabler.isStoredPaymentMethodsEnabled()) {
    const { storedPaymentMethods } = await enabler.getStoredPaymentMethods({ allowedMethodTypes: ['card'] });
    told.push(`stored ${storedPaymentMethods.length}`);
    enabler.setStorePaymentDetails(true);
  }
  const builder = await enabler.createDropinBuilder('embedded');
  const dropin = builder.build({
    showPayButton: false,
    onDropinReady: async () => {
      await dropin.submit();
    },
    onPayButtonClick: async () => {},
  });
  await dropin.mount('#container');
};

async function run(
  page: Page,
  arrange: (stripe: ReturnType<typeof fakeStripe>) => void = () => {},
  confirm: [number, unknown] = [200, { outcome: 'approved' }],
) {
  const stripe = fakeStripe();
  arrange(stripe);
  const processor = fakeProcessor({
    'GET /stored-payment-methods': [200, { storedPaymentMethods: [] }],
    'POST /confirmPayments/payment-1': confirm,
  });
  const { dependencies } = fakeHost(stripe, processor);
  const told: unknown[] = [];
  class Loaded extends Enabler {
    constructor(options: object) {
      super(options as ConstructorParameters<typeof Enabler>[0], dependencies);
    }
  }
  await page(Loaded, told);
  await expect.poll(() => told.at(-1)).toMatch(/thank you|error|failed|not paid/);
  return told;
}

describe('a page written for the original enabler', () => {
  it('gets a success', async () => {
    expect(await run(originalPage)).toEqual(['thank you payment-1']);
  });

  it('gets a decline', async () => {
    const decline = () =>
      Promise.resolve(stripeError({ type: 'card_error', code: 'card_declined', message: 'Declined.' }));
    expect(await run(originalPage, (stripe) => Object.assign(stripe, { confirm: decline }))).toEqual([
      'error Declined.',
    ]);
  });

  it('does not thank for a pending payment', async () => {
    expect(await run(originalPage, undefined, [202, { outcome: 'pending' }])).toEqual(['failed']);
  });
});

describe('a page written for the current template', () => {
  it('gets a success', async () => {
    expect(await run(currentPage)).toEqual(['stored 0', 'thank you payment-1']);
  });

  it("gets a decline, and the payment's reference", async () => {
    const decline = () =>
      Promise.resolve(stripeError({ type: 'card_error', code: 'card_declined', message: 'Declined.' }));
    expect(await run(currentPage, (stripe) => Object.assign(stripe, { confirm: decline }))).toEqual([
      'stored 0',
      'error Declined. payment-1',
    ]);
  });
});

it('Stripe.js that does not load is given up after 20 s', async () => {
  vi.useFakeTimers();
  try {
    const { options, dependencies } = fakeHost(fakeStripe(), fakeProcessor());
    const enabler = new Enabler(options, { ...dependencies, loadStripe: () => new Promise(() => {}) });
    const building = expect(enabler.createDropinBuilder('embedded')).rejects.toMatchObject({
      code: 'stripe_js_unavailable',
    });
    await vi.advanceTimersByTimeAsync(20_000);
    await building;
  } finally {
    vi.useRealTimers();
  }
});
