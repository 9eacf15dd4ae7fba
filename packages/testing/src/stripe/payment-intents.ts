import type Stripe from 'stripe';
import { stripeEvent } from '../stripe-events.ts';
import { type Charge, chargeOf, type PaymentIntent, paymentIntent } from '../stripe-objects.ts';
import { book } from './balance.ts';
import { foundBy, listOf, mergedMetadata } from './lists.ts';
import { missing, refusal } from './refusal.ts';
import type { StripeState } from './state.ts';

type Options = Stripe.RequestOptions;

/** A PaymentIntent's charge: the stored one, or the one in the object. */
export const chargeOfIntent = (
  stripe: StripeState,
  { latest_charge: latest }: Stripe.PaymentIntent,
): Stripe.Charge | undefined => (typeof latest === 'string' ? stripe.charges.get(latest) : (latest ?? undefined));

/** `payment_intents` of the SDK. */
export function paymentIntentsOf(stripe: StripeState) {
  const existing = (id: string) => stripe.existing(stripe.paymentIntents, id);
  const answer = (found: Stripe.PaymentIntent, expand?: readonly string[]) => answered(stripe, found, expand);
  const change = (
    id: string,
    params: object,
    options: Options | undefined,
    effect: (found: Stripe.PaymentIntent) => void,
  ) =>
    stripe.once(options, [id, params], () => {
      const found = existing(id);
      effect(found);
      return answer(found);
    });

  return {
    create: async (params: Stripe.PaymentIntentCreateParams, options?: Options) =>
      stripe.once(options, params, () => {
        const made = create(stripe, params);
        if (params.confirm) pay(stripe, made);
        return answer(made);
      }),
    retrieve: async (id: string, { expand }: { expand?: string[] } = {}) => answer(existing(id), expand),
    list: (params: Stripe.PaymentIntentListParams) => {
      const all = [...stripe.paymentIntents.values()].map((each) => answer(each));
      return listOf(stripe, all, params);
    },
    search: async ({ query, limit = 10 }: Stripe.PaymentIntentSearchParams) => {
      const found = foundBy(stripe.paymentIntents.values(), query).map((each) => answer(each));
      return { object: 'search_result', data: found.slice(0, limit), has_more: found.length > limit };
    },
    confirm: async (id: string, params: Stripe.PaymentIntentConfirmParams, options?: Options) => {
      stripe.confirmations.push(params);
      return change(id, params, options, (found) => {
        checkParams(stripe, params);
        const { payment_method } = params;
        if (isOver(found) || found.status === 'requires_capture') throw refusal('payment_intent_unexpected_state');
        if (payment_method) Object.assign(found, { payment_method, status: 'requires_confirmation' });
        pay(stripe, found);
      });
    },
    update: async (id: string, params: Stripe.PaymentIntentUpdateParams, options?: Options) =>
      change(id, params, options, (found) => update(stripe, found, params)),
    cancel: async (id: string, params: object, options?: Options) =>
      change(id, params, options, (found) => cancel(stripe, found)),
    capture: async (id: string, params: Stripe.PaymentIntentCaptureParams, options?: Options) =>
      change(id, params, options, (found) => capture(stripe, found, params)),
    incrementAuthorization: async (
      id: string,
      params: Stripe.PaymentIntentIncrementAuthorizationParams,
      options?: Options,
    ) => change(id, params, options, (found) => increment(stripe, found, params)),
  };
}

const isOver = ({ status }: Stripe.PaymentIntent): boolean => status === 'canceled' || status === 'succeeded';

/** The PaymentIntent in an answer: with the charge's id, or with the charge if expanded. */
function answered(
  stripe: StripeState,
  found: Stripe.PaymentIntent,
  expand: readonly string[] = [],
): Stripe.PaymentIntent {
  const charge = chargeOfIntent(stripe, found);
  const isExpanded = expand.includes('latest_charge') && charge !== undefined;
  const id = typeof found.latest_charge === 'string' ? found.latest_charge : (charge?.id ?? null);
  return { ...found, latest_charge: isExpanded ? charge : id };
}

function create(stripe: StripeState, params: Stripe.PaymentIntentCreateParams): Stripe.PaymentIntent {
  const made = newPaymentIntent(stripe, params);
  stripe.paymentIntents.set(made.id, made);
  const event = stripeEvent('payment_intent.created', made as PaymentIntent, { created: made.created });
  stripe.events.set(event.id, event as unknown as Stripe.Event);
  return made;
}

function cancel(stripe: StripeState, found: Stripe.PaymentIntent): void {
  if (isOver(found)) throw refusal('payment_intent_unexpected_state');
  letGo(stripe, found);
  Object.assign(found, { status: 'canceled', amount_capturable: 0, canceled_at: stripe.seconds });
}

function newPaymentIntent(stripe: StripeState, params: Stripe.PaymentIntentCreateParams): Stripe.PaymentIntent {
  checkParams(stripe, params);
  const { amount, currency, capture_method, metadata, customer, setup_future_usage, shipping } = params;
  const { payment_method, payment_method_options, description = null } = params;
  checkCustomer(stripe, customer);
  return paymentIntent({
    id: stripe.newId('pi'),
    created: stripe.seconds,
    amount,
    currency,
    capture_method: capture_method ?? 'automatic_async',
    description,
    customer: customer ?? null,
    setup_future_usage: setup_future_usage ?? null,
    shipping: (shipping as Stripe.PaymentIntent.Shipping | undefined) ?? null,
    metadata: mergedMetadata(null, metadata),
    payment_method_options: (payment_method_options ?? {}) as PaymentIntent['payment_method_options'],
    ...(payment_method && { status: 'requires_confirmation', payment_method }),
  }) as Stripe.PaymentIntent;
}

function checkParams(stripe: StripeState, params: object): void {
  const refused = stripe.refuseParams(params);
  if (refused) throw refused;
}

function checkCustomer(stripe: StripeState, customer: unknown): void {
  if (typeof customer === 'string' && !stripe.customers.has(customer)) throw missing('customer');
}

/** Charges the PaymentIntent's payment method. */
function pay(stripe: StripeState, found: Stripe.PaymentIntent): void {
  if (found.status !== 'requires_confirmation') throw refusal('payment_intent_unexpected_state');
  const declineCode = stripe.declines(found);
  if (declineCode) {
    const error = { type: 'card_error', code: 'card_declined', decline_code: declineCode };
    Object.assign(found, { status: 'requires_payment_method', payment_method: null, last_payment_error: error });
    throw refusal('card_declined', { status: 402, type: 'card_error', declineCode });
  }
  const captured = found.capture_method !== 'manual';
  const charge = chargeOf(found as PaymentIntent, { id: stripe.newId('ch'), created: stripe.seconds, captured });
  Object.assign(charge, { payment_method: found.payment_method });
  stripe.charges.set(charge.id, charge as Charge as Stripe.Charge);
  if (captured) book(stripe, 'charge', charge as Charge as Stripe.Charge, found.amount);
  Object.assign(found, {
    status: captured ? 'succeeded' : 'requires_capture',
    latest_charge: charge.id,
    amount_received: captured ? found.amount : 0,
    amount_capturable: captured ? 0 : found.amount,
    last_payment_error: null,
  });
}

function update(stripe: StripeState, found: Stripe.PaymentIntent, params: Stripe.PaymentIntentUpdateParams): void {
  checkParams(stripe, params);
  const { metadata, shipping, setup_future_usage, ...fields } = params;
  checkCustomer(stripe, fields.customer);
  const merged = mergedMetadata(found.metadata, metadata);
  if (isOver(found) && Object.keys(params).some((name) => name !== 'metadata')) {
    throw refusal('payment_intent_unexpected_state');
  }
  Object.assign(found, fields, {
    ...(shipping !== undefined && { shipping: shipping || null }),
    ...(setup_future_usage !== undefined && { setup_future_usage: setup_future_usage || null }),
    metadata: merged,
  });
}

function increment(
  stripe: StripeState,
  found: Stripe.PaymentIntent,
  { amount, metadata }: Stripe.PaymentIntentIncrementAuthorizationParams,
): void {
  if (found.status !== 'requires_capture') throw refusal('payment_intent_unexpected_state');
  if (found.payment_method_options?.card?.request_incremental_authorization !== 'if_available')
    throw refusal(undefined);
  if (amount <= found.amount) throw refusal(undefined, { param: 'amount' });
  found.metadata = mergedMetadata(found.metadata, metadata);
  Object.assign(found, { amount, amount_capturable: amount });
  const charge = chargeOfIntent(stripe, found);
  if (charge) charge.amount = amount;
}

function capture(stripe: StripeState, found: Stripe.PaymentIntent, params: Stripe.PaymentIntentCaptureParams): void {
  if (found.status !== 'requires_capture') throw refusal('payment_intent_unexpected_state');
  const left = found.amount - found.amount_received;
  const { amount_to_capture: amount = left, final_capture: isFinal = true, metadata } = params;
  if (amount > left) throw refusal('amount_too_large', { param: 'amount_to_capture' });
  found.metadata = mergedMetadata(found.metadata, metadata);
  found.amount_received += amount;
  const isDone = isFinal || amount === left;
  Object.assign(found, { amount_capturable: isDone ? 0 : left - amount, ...(isDone && { status: 'succeeded' }) });
  const charge = chargeOfIntent(stripe, found);
  if (!charge) return;
  Object.assign(charge, { amount_captured: charge.amount_captured + amount, captured: isDone });
  book(stripe, 'charge', charge, amount);
  if (isDone) letGo(stripe, found);
}

/** What was authorised and is not captured any more counts as refunded. */
function letGo(stripe: StripeState, found: Stripe.PaymentIntent): void {
  const charge = chargeOfIntent(stripe, found);
  if (charge) charge.amount_refunded += Math.max(0, found.amount - found.amount_received);
}
