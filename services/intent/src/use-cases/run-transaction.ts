import { withoutClientSecrets } from '@connector/contracts';
import { InvalidRequestError, NotFoundError, TransientError } from '@connector/errors';
import { idempotencyKey, isOfTransaction, METADATA, type Money } from '@connector/payment-model';
import { StripeRejection } from '@connector/stripe';
import { metrics } from '@connector/telemetry';
import type Stripe from 'stripe';
import type { AmountDue } from '../domain/amount-due.ts';
import { paymentIntentIdOf, statusOf } from '../domain/attempts.ts';
import { type BehaviourSettings, behaviourFor } from '../domain/behaviour.ts';
import { type CardFeatures, cardOptions, cardRequestsOf } from '../domain/card-features.ts';
import { type Cart, isRecurring, type Payment, stripeCustomerIdOf } from '../domain/checkout-cart.ts';
import {
  goesBefore,
  type TransactionIdentity,
  transactionKeyOf,
  transactionStateOf,
} from '../domain/merchant-transaction.ts';
import { nothingDue } from '../domain/nothing-due.ts';
import type { RequestedAmount } from '../domain/operations.ts';
import { type OptionalField, refusedOfPaymentIntent } from '../domain/optional-data.ts';
import { paymentDraft } from '../domain/payment-draft.ts';
import type { StoredMethod } from '../domain/stored-methods.ts';
import { chargeableAmount } from '../domain/stripe-amount.ts';
import type { InBackground } from './background.ts';
import { link } from './link-payment.ts';
import { isYoung, lookAtOthers, type WaitingPayment } from './other-payments.ts';
import type { Carts, Customers, PaymentEvents, PaymentIntents, Payments, StoredMethods } from './ports.ts';
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
  settings: {
    projectKey: string;
    paymentInterface: string;
    behaviour: BehaviourSettings;
    cardFeatures: CardFeatures;
    /** Whether the number of the order is the description of its PaymentIntent, too. */
    orderInDescription?: boolean | undefined;
  };
  /** Ms since the epoch. */
  now: () => number;
}

export interface RunTransactionRequest extends TransactionIdentity {
  cartId: string;
  paymentMethodId?: string | undefined;
  amount?: RequestedAmount | undefined;
  futureOrderNumber?: string | undefined;
}

export interface TransactionOutcome {
  readonly state: 'Completed' | 'Failed' | 'Pending';
  /** Stripe's code, when Failed. */
  readonly code?: string | undefined;
  readonly paymentId: string;
}

/**
 * Charges a customer's stored method for a cart without the shopper, once for each identity (rulings 28, ADR 0012). Every step leaves
 * what the next request finds: the payment, by its unique key; a PaymentIntent that nobody has confirmed; its id on the payment, which
 * commercetools sets once. Only the PaymentIntent that the payment names is ever confirmed, and it is confirmed once: so however often,
 * from wherever, and after whatever crash the transaction is asked for, the method is charged at most once.
 * Throws InvalidRequestError for what the caller got wrong, NotFoundError, TransientError when the caller is to ask again.
 */
export async function runTransaction(
  deps: RunTransactionDeps,
  request: RunTransactionRequest,
): Promise<TransactionOutcome> {
  if (!deps.isEnabled) throw new InvalidRequestError('InvalidOperation', 'Stored payment methods are not enabled.');
  const checkout = await deps.carts.get(request.cartId);
  const { cart, payments } = checkout;
  const { customerId } = cart;
  if (!customerId) throw requiredField('customerId');
  const key = transactionKeyOf(cart, request);
  const known = payments.find((payment) => payment.key === key) ?? (await deps.payments.byKey(key));
  if (known && paymentIntentIdOf(known)) return goOn(deps, request, known);

  if (known) await refuseIfOnAnother(deps, cart.id, known);
  const { due } = await lookAtOthers(deps, checkout, key);
  const amount = chargeable(cart.id, due, request.amount);
  // Refused before anything is made for it.
  chargeableAmount(amount);
  const method = await storedMethod(deps, customerId, request.paymentMethodId);
  const payment = known ?? (await createPayment(deps, { cart, key, amount, request, method }));
  if (paymentIntentIdOf(payment)) return goOn(deps, request, payment);
  if (!payments.some(({ id }) => id === payment.id)) await deps.carts.addPayment(cart, payment.id);
  const orderNumber = request.futureOrderNumber?.slice(0, MAX_METADATA_LENGTH);
  const charge = { cart, customerId, payment, amount, token: method.token, orderNumber };
  const paymentIntent = (known && (await leftBehind(deps, charge))) ?? (await prepare(deps, charge));
  const tied = await link(deps.payments, payment, paymentIntent.id, amount);
  if (tied.interfaceId === paymentIntent.id) return goOn(deps, request, tied, paymentIntent);
  // A request with another amount or method was faster; nobody can confirm this one.
  cancelInBackground(deps, 'cancel a spare PaymentIntent', paymentIntent.id);
  return goOn(deps, request, tied);
}

/** A payment that no PaymentIntent tells of yet: the cart that holds it is whom it was made for. */
async function refuseIfOnAnother({ carts }: RunTransactionDeps, cartId: string, { id }: Payment): Promise<void> {
  const holders = await carts.holding(id);
  if (holders.some((holder) => holder !== cartId)) throw keyTaken();
}

async function createPayment(
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

interface Charge {
  readonly cart: Cart;
  readonly customerId: string;
  readonly payment: Payment;
  readonly amount: Money;
  /** Stripe's id of the stored method. */
  readonly token: string;
  /** The number that Checkout will give the order. */
  readonly orderNumber?: string | undefined;
}

/** The longest value that Stripe takes in metadata, in characters. */
const MAX_METADATA_LENGTH = 500;

/** The PaymentIntent that a request made for the payment before it died, where it is what would be made now. */
async function leftBehind(
  { paymentIntents }: RunTransactionDeps,
  { payment, amount, token }: Charge,
): Promise<Stripe.PaymentIntent | undefined> {
  const found = await paymentIntents.search(payment.key ?? '', chargeableAmount(amount));
  return found?.status === 'requires_confirmation' && found.payment_method === token ? found : undefined;
}

/** The PaymentIntent of a payment, not confirmed: no money moves by it, and its client secret never leaves this process. */
async function prepare(deps: RunTransactionDeps, charge: Charge): Promise<Stripe.PaymentIntent> {
  const { cart, customerId, payment, amount, token, orderNumber } = charge;
  const { customers, storedMethods, settings } = deps;
  const [customer, details] = await Promise.all([customers.find(customerId), storedMethods.details(token)]);
  // The method belongs to one Stripe customer, whatever the commercetools customer names by now.
  const owner = typeof details?.customer === 'string' ? details.customer : details?.customer?.id;
  const stripeCustomerId = owner ?? stripeCustomerIdOf(customer);
  const paymentKey = payment.key ?? '';
  const { captureMethod } = behaviourFor(cart, isRecurring(cart), settings.behaviour);
  const params: Stripe.PaymentIntentCreateParams = {
    amount: chargeableAmount(amount),
    currency: amount.currencyCode.toLowerCase(),
    ...(stripeCustomerId && { customer: stripeCustomerId }),
    payment_method: token,
    capture_method: captureMethod,
    automatic_payment_methods: { enabled: true, allow_redirects: 'never' },
    metadata: {
      [METADATA.cartId]: cart.id,
      [METADATA.projectKey]: settings.projectKey,
      [METADATA.customerId]: customerId,
      [METADATA.paymentId]: payment.id,
      [METADATA.paymentKey]: paymentKey,
      ...(orderNumber && { [METADATA.orderNumber]: orderNumber }),
    },
    ...(settings.orderInDescription && orderNumber && { description: orderNumber }),
  };
  return createWith(deps, paymentKey, params, cardOptions(cardRequestsOf(settings.cardFeatures, captureMethod)));
}

type Optional = Pick<Stripe.PaymentIntentCreateParams, 'payment_method_options'>;

/** Creates it with what a charge can do without (rulings 38), which Stripe may refuse. */
async function createWith(
  deps: RunTransactionDeps,
  paymentKey: string,
  params: Stripe.PaymentIntentCreateParams,
  optional: Optional,
): Promise<Stripe.PaymentIntent> {
  const whole = { ...params, ...optional };
  try {
    const outcome = await deps.paymentIntents.create(whole, idempotencyKey('transaction', paymentKey, whole));
    if (outcome.kind === 'created') return outcome.paymentIntent;
  } catch (error) {
    const field = refusedOfPaymentIntent(error);
    if (!field || !isOptional(field, optional)) throw error;
    metrics.optionalDataRefused.inc({ field });
    return createWith(deps, paymentKey, params, {});
  }
  throw new TransientError('the PaymentIntent is being made from other parameters', { reason: 'conflict' });
}

const isOptional = (field: OptionalField, optional: Optional): boolean =>
  field === 'card_features' && optional.payment_method_options !== undefined;

/** Answers from the PaymentIntent that the payment names; confirms it when nobody has yet. */
async function goOn(
  deps: RunTransactionDeps,
  request: RunTransactionRequest,
  payment: Payment,
  made?: Stripe.PaymentIntent,
): Promise<TransactionOutcome> {
  const paymentIntent = made ?? (await deps.paymentIntents.find(paymentIntentIdOf(payment) ?? ''));
  if (!paymentIntent) {
    throw new InvalidRequestError('InvalidOperation', 'The PaymentIntent of the payment does not exist.');
  }
  const { amount } = request;
  const { amountPlanned: planned } = payment;
  const isOther =
    paymentIntent.metadata[METADATA.cartId] !== request.cartId ||
    (amount && (amount.centAmount !== planned.centAmount || amount.currencyCode !== planned.currencyCode));
  if (isOther) throw keyTaken();
  if (paymentIntent.status !== 'requires_confirmation') return answer(deps, payment, paymentIntent);
  await refuseUnlessDue(deps, request.cartId, payment, paymentIntent);
  return answer(deps, payment, await confirm(deps, paymentIntent, payment));
}

/**
 * The last look before money moves. The payment is on the cart and names its PaymentIntent by now: of two transactions that meet,
 * or a transaction and a shopper, at least one sees the other, and what waits to be paid by another is canceled.
 */
async function refuseUnlessDue(
  deps: RunTransactionDeps,
  cartId: string,
  payment: Payment,
  paymentIntent: Stripe.PaymentIntent,
): Promise<void> {
  const checkout = await deps.carts.get(cartId);
  const { due, waiting } = await lookAtOthers(deps, checkout, payment.key ?? '');
  try {
    chargeable(cartId, due, payment.amountPlanned);
  } catch (error) {
    await deps.paymentIntents.cancel(paymentIntent.id, idempotencyKey('cancel-undue', paymentIntent.id));
    throw error;
  }
  for (const other of waiting) await cancelOther(deps, other, payment);
}

async function cancelOther(deps: RunTransactionDeps, other: WaitingPayment, payment: Payment): Promise<void> {
  const { id, status } = other.paymentIntent;
  const isUnderWay = status === 'requires_confirmation' && isOfTransaction(other.payment);
  // One whose process died is not waited for longer than a request lives.
  if (isUnderWay && isYoung(other.payment, deps.now()) && goesBefore(other.payment, payment)) {
    throw new TransientError('another transaction of the cart is under way', { reason: 'conflict' });
  }
  try {
    await deps.paymentIntents.cancel(id, idempotencyKey('replace', id));
  } catch (error) {
    if (!(error instanceof StripeRejection)) throw error;
    const now = await deps.paymentIntents.find(id);
    if (!now || statusOf(now) === 'over') return;
    // It was paid in this moment: whoever asks again sees that.
    throw new TransientError('the cart is being paid', { reason: 'conflict', cause: error });
  }
}

const ONCE: Stripe.PaymentIntentConfirmParams = { off_session: true };
/** Tells the card's bank that the charge is one of a series that the customer agreed to. */
const OF_SERIES: Stripe.PaymentIntentConfirmParams = {
  ...ONCE,
  payment_method_options: { card: { stored_credential_usage: 'recurring' } },
};

/** Says that it is one of a series, and leaves that out where Stripe does not take it of this account (rulings 38). */
async function confirmOfSeries(deps: RunTransactionDeps, id: string): Promise<Stripe.PaymentIntent> {
  try {
    return await deps.paymentIntents.confirm(id, OF_SERIES, idempotencyKey('confirm', id, 'recurring'));
  } catch (error) {
    const isRefused = error instanceof StripeRejection && error.param?.startsWith('payment_method_options');
    if (!isRefused) throw error;
    return confirmOnce(deps, id);
  }
}

const confirmOnce = ({ paymentIntents }: RunTransactionDeps, id: string): Promise<Stripe.PaymentIntent> =>
  paymentIntents.confirm(id, ONCE, idempotencyKey('confirm', id));

/** The PaymentIntent after its confirmation, also a refused one. Its idempotency key only spares two requests at once an error. */
async function confirm(
  deps: RunTransactionDeps,
  { id }: Stripe.PaymentIntent,
  { paymentMethodInfo: { method } }: Payment,
): Promise<Stripe.PaymentIntent> {
  try {
    if (method === 'card') return await confirmOfSeries(deps, id);
    return await confirmOnce(deps, id);
  } catch (error) {
    if (!(error instanceof StripeRejection)) throw error;
    const now = await deps.paymentIntents.find(id);
    if (!now) throw error;
    const { code, declineCode } = error;
    const refusal = { code, ...(declineCode && { decline_code: declineCode }) };
    return now.last_payment_error
      ? now
      : { ...now, last_payment_error: refusal as Stripe.PaymentIntent.LastPaymentError };
  }
}

function answer(deps: RunTransactionDeps, payment: Payment, paymentIntent: Stripe.PaymentIntent): TransactionOutcome {
  const { id: paymentId } = payment;
  const { id, status, amount_received } = paymentIntent;
  const outcome = transactionStateOf(paymentIntent);
  if (outcome.state === 'Failed') {
    if (status !== 'canceled') cancelInBackground(deps, 'cancel a declined PaymentIntent', id);
    return { ...outcome, paymentId };
  }
  // The ledger writes the transactions; Stripe's webhook tells it too.
  deps.inBackground('publish confirmed', () =>
    deps.events.publish('checkout.payment.confirmed', [paymentId, id, status, String(amount_received)], {
      paymentId,
      paymentIntentId: id,
      paymentIntent: { ...withoutClientSecrets(paymentIntent) },
    }),
  );
  return { ...outcome, paymentId };
}

const cancelInBackground = ({ inBackground, paymentIntents }: RunTransactionDeps, what: string, id: string): void =>
  inBackground(what, () => paymentIntents.cancel(id, idempotencyKey('cancel-declined', id)));

/** What to charge of what is due. Throws InvalidRequestError when nothing is, or less than asked. */
function chargeable(cartId: string, amount: AmountDue, asked: RequestedAmount | undefined): Money {
  if (amount.kind !== 'due') throw nothingDue(cartId, amount);
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

type ChargeableMethod = StoredMethod & { readonly token: string };

async function storedMethod(
  { storedMethods }: RunTransactionDeps,
  customerId: string,
  id: string | undefined,
): Promise<ChargeableMethod> {
  if (!id) throw requiredField('paymentMethodId');
  const method = (await storedMethods.list(customerId)).find((candidate) => candidate.id === id);
  if (!method) throw new NotFoundError('The payment method was not found.');
  const token = method.token?.value;
  if (!token) throw requiredField('token');
  return { ...method, token } as ChargeableMethod;
}

const keyTaken = () =>
  new InvalidRequestError('InvalidOperation', 'The idempotency key was used for another transaction.');

const invalidField = (field: string, invalidValue: unknown, allowedValues: readonly string[]) =>
  new InvalidRequestError('InvalidField', `The value of field ${field} is not valid.`, {
    field,
    invalidValue,
    allowedValues,
  });
