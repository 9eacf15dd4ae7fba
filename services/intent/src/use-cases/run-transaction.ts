import { createHash } from 'node:crypto';
import { withoutClientSecrets } from '@connector/contracts';
import { InvalidRequestError, NotFoundError } from '@connector/errors';
import {
  InexpressibleAmountError,
  idempotencyKey,
  METADATA,
  type Money,
  toStripeAmount,
} from '@connector/payment-model';
import { StripeRejection } from '@connector/stripe';
import type Stripe from 'stripe';
import type { Carts } from '../adapters/carts.ts';
import type { Customers } from '../adapters/customers.ts';
import type { PaymentEvents } from '../adapters/payment-events.ts';
import type { PaymentIntents } from '../adapters/payment-intents.ts';
import type { Payments } from '../adapters/payments.ts';
import type { StoredMethods } from '../adapters/stored-methods.ts';
import { type AmountDue, amountDue } from '../domain/amount-due.ts';
import { type BehaviourSettings, behaviourFor } from '../domain/behaviour.ts';
import { type CheckoutCart, isRecurring, type Payment, stripeCustomerIdOf } from '../domain/checkout-cart.ts';
import type { RequestedAmount } from '../domain/operations.ts';
import { paymentDraft } from '../domain/payment-draft.ts';
import type { StoredMethod } from '../domain/stored-methods.ts';
import type { InBackground } from './background.ts';
import { link } from './link-payment.ts';
import { requiredField } from './stored-payment-methods.ts';

export interface RunTransactionDeps {
  isEnabled: boolean;
  carts: Carts;
  customers: Customers;
  payments: Payments;
  paymentIntents: PaymentIntents;
  storedMethods: StoredMethods;
  events: PaymentEvents;
  inBackground: InBackground;
  settings: { projectKey: string; paymentInterface: string; behaviour: BehaviourSettings };
}

export interface RunTransactionRequest {
  cartId: string;
  checkoutTransactionItemId: string;
  paymentMethodId?: string | undefined;
  amount?: RequestedAmount | undefined;
  idempotencyKey?: string | undefined;
  futureOrderNumber?: string | undefined;
  requestId: string;
}

export interface TransactionOutcome {
  readonly state: 'Completed' | 'Failed' | 'Pending';
  /** Stripe's code, when Failed. */
  readonly code?: string | undefined;
  readonly paymentId: string;
}

/**
 * Charges a customer's stored method for a cart without the shopper. The commercetools payment comes first, so that no charge is
 * without one; asked for again with the same idempotency key, it is the same payment and the same charge.
 */
export async function runTransaction(
  deps: RunTransactionDeps,
  request: RunTransactionRequest,
): Promise<TransactionOutcome> {
  if (!deps.isEnabled) throw new InvalidRequestError('InvalidOperation', 'Stored payment methods are not enabled.');
  const checkout = await deps.carts.get(request.cartId);
  const { cart } = checkout;
  const { customerId } = cart;
  if (!customerId) throw requiredField('customerId');
  const reference = request.idempotencyKey ?? request.requestId;
  const paymentKey = transactionKey(request.checkoutTransactionItemId, reference);
  const earlier = checkout.payments.find(({ key }) => key === paymentKey);
  // What an earlier call charged is no longer due: this is the same call again, not a second one.
  const asked = earlier ? earlier.amountPlanned : chargeable(cart.id, dueOf(checkout), request.amount);
  const method = await storedMethod(deps, customerId, request.paymentMethodId);

  const draft = paymentDraft({
    key: paymentKey,
    cart,
    amount: asked,
    paymentInterface: deps.settings.paymentInterface,
    checkoutTransactionItemId: request.checkoutTransactionItemId,
  });
  const { interfaceAccount, method: type } = method;
  const { payment } = await deps.payments.create({
    ...draft,
    paymentMethodInfo: {
      ...draft.paymentMethodInfo,
      token: { value: method.token },
      ...(interfaceAccount && { interfaceAccount }),
      ...(type && { method: type }),
    },
  });
  if (!earlier) await deps.carts.addPayment(cart, payment.id);

  const amount = payment.amountPlanned;
  const params = await chargeParams(deps, { checkout, customerId, paymentKey, payment, amount, token: method.token });
  return charge(deps, payment, params, idempotencyKey('transaction', paymentKey));
}

/** Key of the payment of one transaction; not one of an attempt, which a shopper makes. */
const transactionKey = (itemId: string, reference: string): string =>
  `transaction-${createHash('sha256').update(`${itemId}\u0000${reference}`).digest('hex').slice(0, 40)}`;

const dueOf = ({ cart, payments }: CheckoutCart): AmountDue => amountDue(cart, payments);

function chargeable(cartId: string, amount: AmountDue, asked: RequestedAmount | undefined): Money {
  if (amount.kind === 'paid') {
    const { paidAmount, cartAmount } = amount;
    const resource = { typeId: 'cart', id: cartId };
    throw new InvalidRequestError('InvalidOperation', 'The cart has already been paid in full', {
      resource,
      paidAmount,
      cartAmount,
    });
  }
  const { due } = amount;
  if (!asked) return due;
  if (asked.currencyCode !== due.currencyCode) {
    throw invalidField('amount.currencyCode', asked.currencyCode, [due.currencyCode]);
  }
  if (asked.centAmount <= 0 || asked.centAmount > due.centAmount) {
    throw invalidField('amount.centAmount', asked.centAmount, [`<= ${due.centAmount}`]);
  }
  return { ...due, centAmount: asked.centAmount };
}

async function storedMethod({ storedMethods }: RunTransactionDeps, customerId: string, id: string | undefined) {
  if (!id) throw requiredField('paymentMethodId');
  const method: StoredMethod | undefined = (await storedMethods.list(customerId)).find(
    (candidate) => candidate.id === id,
  );
  if (!method) throw new NotFoundError('The payment method was not found.');
  const token = method.token?.value;
  if (!token) throw requiredField('token');
  return { ...method, token };
}

async function chargeParams(
  { customers, storedMethods, settings }: RunTransactionDeps,
  input: {
    checkout: CheckoutCart;
    customerId: string;
    paymentKey: string;
    payment: Payment;
    amount: Money;
    token: string;
  },
): Promise<Stripe.PaymentIntentCreateParams> {
  const { checkout, customerId, paymentKey, payment, amount, token } = input;
  const { cart } = checkout;
  const [customer, details] = await Promise.all([customers.find(customerId), storedMethods.details(token)]);
  // The method belongs to one Stripe customer, whatever the commercetools customer names by now.
  const owner = typeof details?.customer === 'string' ? details.customer : details?.customer?.id;
  const stripeCustomerId = owner ?? stripeCustomerIdOf(customer);
  return {
    amount: stripeAmount(amount),
    currency: amount.currencyCode.toLowerCase(),
    ...(stripeCustomerId && { customer: stripeCustomerId }),
    payment_method: token,
    off_session: true,
    confirm: true,
    capture_method: behaviourFor(cart, isRecurring(cart), settings.behaviour).captureMethod,
    automatic_payment_methods: { enabled: true, allow_redirects: 'never' },
    metadata: {
      [METADATA.cartId]: cart.id,
      [METADATA.projectKey]: settings.projectKey,
      [METADATA.customerId]: customerId,
      [METADATA.paymentId]: payment.id,
      [METADATA.paymentKey]: paymentKey,
    },
  };
}

function stripeAmount(amount: Money): number {
  try {
    return toStripeAmount(amount);
  } catch (error) {
    if (error instanceof InexpressibleAmountError) throw invalidField('amount.centAmount', amount.centAmount, []);
    throw error;
  }
}

async function charge(
  deps: RunTransactionDeps,
  payment: Payment,
  params: Stripe.PaymentIntentCreateParams,
  key: string,
): Promise<TransactionOutcome> {
  let made: Stripe.PaymentIntent;
  try {
    const outcome = await deps.paymentIntents.create(params, key);
    if (outcome.kind === 'other-parameters') {
      throw new InvalidRequestError('InvalidOperation', 'The idempotency key was used for another transaction.');
    }
    made = outcome.paymentIntent;
  } catch (error) {
    if (!(error instanceof StripeRejection)) throw error;
    if (error.paymentIntent)
      deps.inBackground('cancel a declined PaymentIntent', cancelling(deps, error.paymentIntent.id));
    return { state: 'Failed', code: error.declineCode ?? error.code, paymentId: payment.id };
  }
  // The answer to a repeated call is the first one's: the state is asked for.
  const paymentIntent = (await deps.paymentIntents.find(made.id)) ?? made;
  deps.inBackground('link payment to PaymentIntent', () => link(deps.payments, payment, paymentIntent.id));
  const state = STATES[paymentIntent.status] ?? 'Failed';
  if (state === 'Failed') {
    if (paymentIntent.status !== 'canceled') {
      deps.inBackground('cancel a declined PaymentIntent', cancelling(deps, paymentIntent.id));
    }
    const code = paymentIntent.last_payment_error?.code ?? 'authentication_required';
    return { state, code, paymentId: payment.id };
  }
  // The ledger writes the transactions; Stripe's webhook tells it too.
  const unique = [payment.id, paymentIntent.id, paymentIntent.status, String(paymentIntent.amount_received)];
  deps.inBackground('publish confirmed', () =>
    deps.events.publish('checkout.payment.confirmed', unique, {
      paymentId: payment.id,
      paymentIntentId: paymentIntent.id,
      paymentIntent: { ...withoutClientSecrets(paymentIntent) },
    }),
  );
  return { state, paymentId: payment.id };
}

/** A shopper who is not there can't do anything more: whatever is not on its way has failed. */
const STATES: Partial<Record<Stripe.PaymentIntent.Status, TransactionOutcome['state']>> = {
  succeeded: 'Completed',
  requires_capture: 'Completed',
  processing: 'Pending',
};

const cancelling = (deps: RunTransactionDeps, id: string) => () =>
  deps.paymentIntents.cancel(id, idempotencyKey('cancel-declined', id));

const invalidField = (field: string, invalidValue: unknown, allowedValues: readonly string[]) =>
  new InvalidRequestError('InvalidField', `The value of field ${field} is not valid.`, {
    field,
    invalidValue,
    allowedValues,
  });
