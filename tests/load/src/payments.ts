import { createHmac } from 'node:crypto';
import { type EventRecord, toRecord } from '@connector/contracts';
import { chargeOf, paymentIntent, type StripeEvent, stripeEvent } from '@connector/testing';
import { type Environment, PROJECT } from './environment/environment.ts';
import { request } from './shop.ts';

/** A paid PaymentIntent whose payment commercetools has, and the two events that Stripe tells of it. */
export interface PreparedPayment {
  readonly paymentId: string;
  readonly paymentIntentId: string;
  readonly chargeSucceeded: StripeEvent;
  readonly paymentIntentSucceeded: StripeEvent;
}

/** Makes `count` payments in commercetools, as intent leaves them, and their events, which nobody has sent yet. */
export async function preparePayments(environment: Environment, count: number): Promise<PreparedPayment[]> {
  const headers = { authorization: `Bearer ${await tokenOf(environment)}` };
  const prepared: PreparedPayment[] = [];
  let next = 0;
  const prepareSome = async () => {
    while (next < count) {
      next += 1;
      const cartId = crypto.randomUUID();
      const key = `${cartId}-1`;
      const metadata = { cart_id: cartId, ct_project_key: PROJECT, ct_payment_key: key };
      const created = Math.floor(Date.now() / 1000);
      const opened = paymentIntent({ metadata, created });
      const charge = chargeOf(opened);
      const paid = {
        ...opened,
        status: 'succeeded' as const,
        amount_received: opened.amount,
        latest_charge: charge.id,
      };
      const draft = {
        key,
        interfaceId: opened.id,
        amountPlanned: { centAmount: opened.amount, currencyCode: 'EUR' },
        paymentMethodInfo: { paymentInterface: 'checkout-stripe' },
      };
      const { status, json, text } = await request('POST', `${environment.commercetools}/${PROJECT}/payments`, {
        body: draft,
        headers,
      });
      if (status !== 201) throw new Error(`payments: ${status} ${text}`);
      prepared.push({
        paymentId: json.id,
        paymentIntentId: opened.id,
        chargeSucceeded: stripeEvent('charge.succeeded', charge, { created }),
        paymentIntentSucceeded: stripeEvent('payment_intent.succeeded', paid, { created }),
      });
    }
  };
  await Promise.all(Array.from({ length: 16 }, prepareSome));
  return prepared;
}

export async function tokenOf({ env, commercetools }: Environment): Promise<string> {
  const basic = Buffer.from(`${env.CTP_CLIENT_ID}:${env.CTP_CLIENT_SECRET}`).toString('base64');
  const { json } = await request('POST', `${commercetools}/oauth/token`, {
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
    headers: { authorization: `Basic ${basic}` },
  });
  return json.access_token;
}

/** The record that webhook-ingest makes of an event. */
export function recordOf(event: StripeEvent, paymentIntentId: string): EventRecord {
  const attributes = {
    id: event.id,
    source: '/stripe',
    type: `com.stripe.${event.type}`,
    time: new Date(event.created * 1000).toISOString(),
    subject: paymentIntentId,
  };
  const headers = { 'stripe-livemode': 'false', 'stripe-api-version': event.api_version };
  return toRecord(paymentIntentId, attributes, Buffer.from(JSON.stringify(event)), headers);
}

/** Posts an event as Stripe does, signed. Throws Error unless it is answered 200. */
export async function postWebhook(url: string, event: StripeEvent, secret: string): Promise<void> {
  const body = JSON.stringify(event, undefined, 2);
  const t = Math.floor(Date.now() / 1000);
  const v1 = createHmac('sha256', secret).update(`${t}.${body}`).digest('hex');
  const answer = await fetch(`${url}/stripe/webhooks`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'stripe-signature': `t=${t},v1=${v1}` },
    body,
  });
  if (answer.status !== 200) throw new Error(`webhook: ${answer.status} ${await answer.text()}`);
  await answer.arrayBuffer();
}
