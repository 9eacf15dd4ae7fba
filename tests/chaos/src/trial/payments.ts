import { type Environment, PROJECT } from '@connector/load-tests/environment';
import { tokenOf } from '@connector/load-tests/payments';
import { request } from '@connector/load-tests/shop';
import { chargeOf, paymentIntent, type StripeEvent, stripeEvent } from '@connector/testing';

/** The fields of a commercetools payment that a trial reads. */
export interface Booked {
  readonly interfaceId: string;
  readonly lastModifiedAt: string;
  readonly transactions: readonly { readonly type: string; readonly state: string }[];
}

const metadataOf = (cartId: string) => ({
  cart_id: cartId,
  ct_project_key: PROJECT,
  ct_payment_key: `${cartId}-1`,
});

/** An event of a charge that no ledger handles. */
export function chargeSucceeded(): StripeEvent {
  const opened = paymentIntent({ metadata: metadataOf(crypto.randomUUID()) });
  return stripeEvent('charge.succeeded', chargeOf(opened));
}

/**
 * Creates payments in commercetools as intent does; returns the function that creates the next one and the event of its
 * charge.
 */
export async function paidOneByOne(environment: Environment): Promise<() => Promise<StripeEvent>> {
  const headers = { authorization: `Bearer ${await tokenOf(environment)}` };
  return async () => {
    const cartId = crypto.randomUUID();
    const opened = paymentIntent({ metadata: metadataOf(cartId), created: Math.floor(Date.now() / 1000) });
    const body = {
      key: `${cartId}-1`,
      interfaceId: opened.id,
      amountPlanned: { centAmount: opened.amount, currencyCode: 'EUR' },
      paymentMethodInfo: { paymentInterface: 'checkout-stripe' },
    };
    const { status, text } = await request('POST', `${environment.commercetools}/${PROJECT}/payments`, {
      body,
      headers,
    });
    if (status !== 201) throw new Error(`payments: ${status} ${text}`);
    return stripeEvent('charge.succeeded', chargeOf(opened), { created: opened.created });
  };
}

/** All payments in commercetools. */
export async function bookedPayments(environment: Environment): Promise<Booked[]> {
  const { json } = await request('GET', `${environment.commercetools}/_sandbox/state`);
  return json.payments;
}

export const paymentIntentOf = ({ data }: StripeEvent): string =>
  (data.object as { payment_intent: string }).payment_intent;
