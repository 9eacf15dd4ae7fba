import { NotFoundError, TransientError } from '@connector/errors';
import { idempotencyKey, METADATA, type Money } from '@connector/payment-model';
import { metrics } from '@connector/telemetry';
import type Stripe from 'stripe';
import { behaviourFor } from '../../domain/behaviour.ts';
import { cardOptions, cardRequestsOf } from '../../domain/card-features.ts';
import {
  businessUnitOf,
  type Cart,
  isRecurring,
  type Payment,
  stripeCustomerIdOf,
} from '../../domain/checkout-cart.ts';
import { lineItemsOf } from '../../domain/line-items.ts';
import { transactionAmountOf } from '../../domain/merchant-transaction.ts';
import { type OptionalField, refusedOfPaymentIntent } from '../../domain/optional-data.ts';
import { paymentDraft } from '../../domain/payment-draft.ts';
import { lineItemParams } from '../../domain/payment-intent-params.ts';
import type { StoredMethod } from '../../domain/stored-methods.ts';
import { chargeableAmount } from '../../domain/stripe-amount.ts';
import { requiredField } from '../stored-payment-methods.ts';
import type { RunTransactionDeps, RunTransactionRequest } from './deps.ts';

type ChargeableMethod = StoredMethod & { readonly token: string };

/**
 * The method to charge. Throws InvalidRequestError without an id or a token, NotFoundError when the cart's customer
 * (for its business unit) does not have the method.
 */
export async function storedMethod(
  { storedMethods }: RunTransactionDeps,
  cart: Cart,
  id: string | undefined,
): Promise<ChargeableMethod> {
  if (!id) throw requiredField('paymentMethodId');
  const methods = await storedMethods.list(cart.customerId ?? '', businessUnitOf(cart));
  const method = methods.find((candidate) => candidate.id === id);
  if (!method) throw new NotFoundError('The payment method was not found.');
  const token = method.token?.value;
  if (!token) throw requiredField('token');
  return { ...method, token } as ChargeableMethod;
}

/**
 * Creates the commercetools payment with the stored method as its token. Its key is unique: a second call returns the
 * first payment.
 */
export async function createPayment(
  { payments, settings }: RunTransactionDeps,
  input: { cart: Cart; key: string; amount: Money; request: RunTransactionRequest; method: ChargeableMethod },
): Promise<Payment> {
  const { cart, key, amount, request, method } = input;
  const { checkoutTransactionItemId } = request;
  const draft = paymentDraft({
    key,
    cart,
    amount,
    paymentInterface: settings.paymentInterface,
    checkoutTransactionItemId,
  });
  const { interfaceAccount, method: type, token } = method;
  const { payment } = await payments.create({
    ...draft,
    paymentMethodInfo: {
      ...draft.paymentMethodInfo,
      token: { value: token },
      ...(interfaceAccount && { interfaceAccount }),
      ...(type && { method: type }),
    },
  });
  return payment;
}

export interface Charge {
  readonly cart: Cart;
  readonly customerId: string;
  readonly payment: Payment;
  readonly amount: Money;
  /** Stripe's id of the stored method. */
  readonly token: string;
  /** The order number that Checkout will use. */
  readonly orderNumber?: string | undefined;
}

/** Stripe's maximum length of a metadata value, in characters. */
export const MAX_METADATA_LENGTH = 500;

/**
 * The PaymentIntent that an earlier request created for the payment before it died, if it equals the one that would be
 * created now.
 */
export async function leftBehind(
  { paymentIntents }: RunTransactionDeps,
  { payment, amount, token }: Charge,
): Promise<Stripe.PaymentIntent | undefined> {
  const found = await paymentIntents.search(payment.key ?? '', chargeableAmount(amount));
  return found?.status === 'requires_confirmation' && found.payment_method === token ? found : undefined;
}

/**
 * Creates the PaymentIntent of a payment, unconfirmed: it moves no money, and its client secret never leaves this
 * process.
 */
export async function prepare(deps: RunTransactionDeps, charge: Charge): Promise<Stripe.PaymentIntent> {
  const { cart, customerId, payment, amount, token, orderNumber } = charge;
  const { customers, storedMethods, settings } = deps;
  const businessUnit = businessUnitOf(cart);
  const [customer, details] = await Promise.all([customers.find(customerId), storedMethods.details(token)]);
  // The method belongs to one Stripe customer, whatever the commercetools customer's field contains now.
  const owner = typeof details?.customer === 'string' ? details.customer : details?.customer?.id;
  const stripeCustomerId = owner ?? stripeCustomerIdOf(customer, businessUnit);
  const paymentKey = payment.key ?? '';
  const { captureMethod } = behaviourFor(cart, isRecurring(cart), settings.behaviour);
  const metadata = {
    [METADATA.cartId]: cart.id,
    [METADATA.projectKey]: settings.projectKey,
    [METADATA.customerId]: customerId,
    ...(businessUnit && { [METADATA.businessUnit]: businessUnit }),
    [METADATA.paymentId]: payment.id,
    [METADATA.paymentKey]: paymentKey,
    [METADATA.transactionAmount]: transactionAmountOf(amount),
    ...(orderNumber && { [METADATA.orderNumber]: orderNumber }),
  };
  const params: Stripe.PaymentIntentCreateParams = {
    amount: chargeableAmount(amount),
    currency: amount.currencyCode.toLowerCase(),
    ...(stripeCustomerId && { customer: stripeCustomerId }),
    payment_method: token,
    capture_method: captureMethod,
    automatic_payment_methods: { enabled: true, allow_redirects: 'never' },
    metadata,
    ...(settings.orderInDescription && orderNumber && { description: orderNumber }),
  };
  const lineItems = settings.lineItems ? lineItemsOf(cart, amount) : undefined;
  if (lineItems?.kind === 'left-out') metrics.lineItemsLeftOut.inc({ reason: lineItems.reason });
  return createWith(deps, paymentKey, params, {
    card_features: cardOptions(cardRequestsOf(settings.cardFeatures, captureMethod)),
    line_items: lineItemParams({ lineItems, metadata }),
  });
}

/** Optional parameters of a charge, by what Stripe may refuse. */
type Optional = Partial<Record<OptionalField, Partial<Stripe.PaymentIntentCreateParams>>>;

/** Creates it with the optional parameters, and without those that Stripe refuses (rulings 38). */
async function createWith(
  deps: RunTransactionDeps,
  paymentKey: string,
  params: Stripe.PaymentIntentCreateParams,
  optional: Optional,
): Promise<Stripe.PaymentIntent> {
  const whole = Object.assign({}, params, ...Object.values(optional)) as Stripe.PaymentIntentCreateParams;
  try {
    const outcome = await deps.paymentIntents.create(whole, idempotencyKey('transaction', paymentKey, whole));
    if (outcome.kind === 'created') return outcome.paymentIntent;
  } catch (error) {
    const field = refusedOfPaymentIntent(error);
    if (!field || Object.keys(optional[field] ?? {}).length === 0) throw error;
    metrics.optionalDataRefused.inc({ field });
    return createWith(deps, paymentKey, params, { ...optional, [field]: {} });
  }
  throw new TransientError('the PaymentIntent is being made from other parameters', { reason: 'conflict' });
}
