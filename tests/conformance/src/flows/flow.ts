import type { TestSystem } from '@connector/e2e-tests/test-system';
import { StripeApiError } from '@connector/simulator-stripe';

/** What a shopper, Checkout or a merchant does, through every service; it throws when the answer is not the wanted one. */
export interface Flow {
  readonly name: string;
  run(system: TestSystem): Promise<void>;
}

/** For what comes by a webhook. */
export const PATIENTLY = { timeout: 60_000, interval: 100 };
export const EUR = (centAmount: number) => ({ centAmount, currencyCode: 'EUR' });
export const ADDRESS = {
  country: 'DE',
  firstName: 'Ada',
  lastName: 'Lovelace',
  streetName: 'Lange Straße',
  city: 'Kiel',
  phone: '+49 431 1',
};

export async function ok(answer: ReturnType<TestSystem['call']>): Promise<Awaited<ReturnType<TestSystem['call']>>> {
  const { status, text } = await answer;
  if (status >= 300) throw new Error(`answered ${status}: ${text}`);
  return answer;
}

export async function operate(
  system: TestSystem,
  payment: string,
  action: object,
  headers: Record<string, string> = {},
) {
  const { json } = await ok(
    system.call('POST', `/operations/payment-intents/${payment}`, {
      token: system.token('manage_project'),
      body: { actions: [action] },
      headers,
    }),
  );
  return json.outcome as string;
}

export const confirm = (system: TestSystem, { payment, session, paymentIntent }: Opened) =>
  system.call('POST', `/confirmPayments/${payment}`, { session, body: { paymentIntent } });

export type Opened = Awaited<ReturnType<TestSystem['opened']>>;

/** Opens, pays as told, confirms. */
export async function paid(
  system: TestSystem,
  pay: Parameters<TestSystem['stripe']['controls']['pay']>[1],
  wishes: Parameters<TestSystem['opened']>[0] = {},
) {
  const opened = await system.opened(wishes);
  try {
    system.stripe.controls.pay(opened.paymentIntent, pay);
  } catch (error) {
    // The page tells the shopper; Stripe tells the webhook.
    if (!(error instanceof StripeApiError) || error.status !== 402) throw error;
  }
  await confirm(system, opened);
  return opened;
}

export const settles = (system: TestSystem, { paymentIntent }: Opened, outcome: 'succeeded' | 'failed') =>
  system.stripe.controls.settle(paymentIntent, outcome);

/** The answer of a call that is to be refused. Throws when it is not, or with another status. */
export async function refused(answer: ReturnType<TestSystem['call']>, wanted: number): Promise<void> {
  const { status, text } = await answer;
  if (status !== wanted) throw new Error(`answered ${status} instead of ${wanted}: ${text}`);
}

/** A customer whom Stripe knows, too: who has asked for their saved methods. Answers the id at commercetools. */
export async function signedIn(system: TestSystem): Promise<string> {
  const customerId = await system.customer();
  const { session } = await system.checkout({ customerId });
  await ok(system.call('GET', '/customer/session', { session }));
  return customerId;
}

/** Changes a cart as its shop does. */
export async function changeCart(system: TestSystem, id: string, ...actions: object[]): Promise<void> {
  const { version } = await system.merchant('GET', `/carts/${id}`);
  await system.merchant('POST', `/carts/${id}`, { version, actions });
}
