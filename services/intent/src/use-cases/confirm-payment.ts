import { withoutClientSecrets } from '@connector/contracts';
import { orUndefined, TransientError } from '@connector/errors';
import { StripeRejection } from '@connector/stripe';
import type Stripe from 'stripe';
import type { CheckoutCart, Payment } from '../domain/checkout-cart.ts';
import {
  type CartChanged,
  type Confirmation,
  confirmationOf,
  isPaymentIntentId,
  isRecorded,
} from '../domain/confirmation.ts';
import type { Session } from '../domain/session.ts';
import type { InBackground } from './background.ts';
import { nameCustomer } from './link-payment.ts';
import { restDue } from './other-payments.ts';
import type { Carts, LedgerResult, PaymentEvents, PaymentIntents, Payments, RecordedTransactions } from './ports.ts';

export interface ConfirmPaymentDeps {
  carts: Carts;
  payments: Payments;
  paymentIntents: PaymentIntents;
  events: PaymentEvents;
  recorded: RecordedTransactions;
  inBackground: InBackground;
  /** Whether a cart that now costs more than was paid is answered `cart_changed` instead of approved (rulings 32). */
  checksCart: boolean;
  /** How long to wait for the ledger, in ms. */
  confirmWaitMs: number;
  sleep: (ms: number) => Promise<void>;
}

export interface ConfirmPaymentRequest {
  readonly session: Session;
  readonly paymentId: string;
  readonly paymentIntentId: string;
}

export type ConfirmPaymentOutcome =
  | { readonly kind: 'approved' }
  /** The money is on its way, or the ledger has not written it yet: webhooks and the ledger finish it. */
  | { readonly kind: 'pending' }
  | CartChanged
  | Rejected;

/** Interval between two reads of a payment while this pod receives no results of the ledger, in ms. */
const POLL_MS = 250;

/**
 * Confirms what the browser did, by Stripe's state alone: publishes the PaymentIntent as a fact and waits, for a
 * limited time, until the ledger has recorded it, for this event or for an earlier one of Stripe's. Calling it again is
 * harmless: it publishes the same event.
 */
export async function confirmPayment(
  deps: ConfirmPaymentDeps,
  request: ConfirmPaymentRequest,
): Promise<ConfirmPaymentOutcome> {
  if (!isPaymentIntentId(request.paymentIntentId)) return { kind: 'rejected' };
  // Stripe's webhooks race with this request, so the ledger's results for them count too.
  using ledger = deps.recorded.listenTo(request.paymentIntentId);
  const found = await look(deps, request);
  if (found.kind === 'rejected') return found;
  const { checkout, payment, paymentIntent } = found;
  nameCustomerInBackground(deps, checkout, payment);

  const isProcessing = found.kind === 'processing';
  const shows = (result: LedgerResult) =>
    result.kind === 'recorded' && result.paymentId === payment.id && isRecorded(result.transactions, paymentIntent);
  const isBooked =
    !isProcessing && (isRecorded(payment.transactions, paymentIntent) || ledger.heard(shows) !== undefined);
  const rest =
    deps.checksCart && checkout
      ? await restDue(deps, checkout, request.session, { payment, paymentIntent })
      : undefined;
  const eventId = isBooked ? undefined : await publish(deps, payment, paymentIntent);
  if (rest) return { kind: 'cart-changed', amountDue: rest };
  if (isBooked) return APPROVED;
  if (isProcessing) return PENDING;

  if (!deps.recorded.isListening) return (await polled(deps, payment, paymentIntent)) ? APPROVED : PENDING;
  const result = await ledger.first((one) => one.causeId === eventId || shows(one), deps.confirmWaitMs);
  if (result?.kind === 'rejected') return { kind: 'rejected', code: result.code, declineCode: result.declineCode };
  return result || (await showsIt(deps, payment, paymentIntent)) ? APPROVED : PENDING;
}

const APPROVED = { kind: 'approved' } as const;
const PENDING = { kind: 'pending' } as const;

type Rejected = Extract<Confirmation, { kind: 'rejected' }>;

/** The session's cart where it is still there, the payment, and the PaymentIntent that went through for it. */
interface Found {
  readonly kind: Exclude<Confirmation['kind'], 'rejected'>;
  readonly checkout: CheckoutCart | undefined;
  readonly payment: Payment;
  readonly paymentIntent: Stripe.PaymentIntent;
}

/** Reads what the request names, and rejects what is not the session's or did not go through. */
async function look(
  { carts, payments, paymentIntents }: ConfirmPaymentDeps,
  { session: { cartId }, paymentId, paymentIntentId }: ConfirmPaymentRequest,
): Promise<Found | Rejected> {
  const [checkout, paymentIntent] = await Promise.all([
    orUndefined(carts.get(cartId)),
    orRefused(paymentIntents.find(paymentIntentId)),
  ]);
  if (paymentIntent instanceof StripeRejection) {
    return { kind: 'rejected', code: paymentIntent.code, declineCode: paymentIntent.declineCode };
  }
  if (!paymentIntent) return { kind: 'rejected' };
  const payment = checkout?.payments.find(({ id }) => id === paymentId) ?? (await orUndefined(payments.get(paymentId)));
  if (!payment) return { kind: 'rejected' };
  const confirmation = confirmationOf({ cartId, payments: checkout?.payments ?? [] }, payment, paymentIntent);
  return confirmation.kind === 'rejected'
    ? confirmation
    : { kind: confirmation.kind, checkout, payment, paymentIntent };
}

/** Publishes the PaymentIntent as it is now, and answers the id of the event: the same state has the same. */
const publish = ({ events }: ConfirmPaymentDeps, payment: Payment, paymentIntent: Stripe.PaymentIntent) =>
  events.publish(
    'checkout.payment.confirmed',
    [payment.id, paymentIntent.id, paymentIntent.status, String(paymentIntent.amount_received)],
    {
      paymentId: payment.id,
      paymentIntentId: paymentIntent.id,
      paymentIntent: { ...withoutClientSecrets(paymentIntent) },
    },
  );

/**
 * Whether commercetools shows the PaymentIntent's state. The ledger's result may be lost on its way, and a shopper who
 * has paid should not see "pending" because of that. If the payment cannot be read, "pending" is correct, because the
 * event is published.
 */
async function showsIt(
  { payments }: ConfirmPaymentDeps,
  { id }: Payment,
  paymentIntent: Stripe.PaymentIntent,
): Promise<boolean> {
  try {
    return isRecorded((await payments.get(id)).transactions, paymentIntent);
  } catch (error) {
    if (error instanceof TransientError) return false;
    throw error;
  }
}

/** A guest who logged in while paying becomes the payment's customer; the answer does not depend on it. */
function nameCustomerInBackground(
  { inBackground, payments }: ConfirmPaymentDeps,
  checkout: CheckoutCart | undefined,
  payment: Payment,
): void {
  const customerId = checkout?.cart.customerId;
  if (!customerId || payment.customer?.id === customerId) return;
  inBackground('name the customer on the payment', () => nameCustomer(payments, payment, customerId));
}

/**
 * Reads the payment until it shows the PaymentIntent's state, for a pod that receives no results of the ledger at the
 * moment.
 */
async function polled(
  deps: ConfirmPaymentDeps,
  payment: Payment,
  paymentIntent: Stripe.PaymentIntent,
): Promise<boolean> {
  for (let waitedMs = 0; waitedMs < deps.confirmWaitMs; waitedMs += POLL_MS) {
    await deps.sleep(POLL_MS);
    if (await showsIt(deps, payment, paymentIntent)) return true;
  }
  return false;
}

async function orRefused<T>(found: Promise<T>): Promise<T | StripeRejection> {
  try {
    return await found;
  } catch (error) {
    if (error instanceof StripeRejection) return error;
    throw error;
  }
}
