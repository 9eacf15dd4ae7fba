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
  /** Whether a cart that costs more than what was paid by now is told `cart_changed`, instead of approved (rulings 32). */
  checksCart: boolean;
  /** How long to wait for the ledger, in ms. */
  confirmWaitMs: number;
  sleep: (ms: number) => Promise<void>;
}

export type ConfirmPaymentOutcome =
  | { readonly kind: 'approved' }
  /** The money is on its way, or the ledger has not written it yet: webhooks and the ledger finish it. */
  | { readonly kind: 'pending' }
  | CartChanged
  | Extract<Confirmation, { kind: 'rejected' }>;

/** Between two reads of a payment while its pod receives no results of the ledger, in ms. */
const POLL_MS = 250;

/**
 * Confirms what the browser did, by Stripe's word alone: publishes the PaymentIntent as a fact and waits, bounded, until the ledger
 * has written it, be it for this event or for one of Stripe's that came before it. Calling it again is harmless: it is the same event.
 */
export async function confirmPayment(
  deps: ConfirmPaymentDeps,
  request: { session: Session; paymentId: string; paymentIntentId: string },
): Promise<ConfirmPaymentOutcome> {
  if (!isPaymentIntentId(request.paymentIntentId)) return { kind: 'rejected' };
  // Stripe's webhooks race this request: what the ledger makes of them meanwhile is heard too.
  using ledger = deps.recorded.listenTo(request.paymentIntentId);
  const [checkout, paymentIntent] = await Promise.all([
    orUndefined(deps.carts.get(request.session.cartId)),
    orRefused(deps.paymentIntents.find(request.paymentIntentId)),
  ]);
  if (paymentIntent instanceof StripeRejection) {
    return { kind: 'rejected', code: paymentIntent.code, declineCode: paymentIntent.declineCode };
  }
  if (!paymentIntent) return { kind: 'rejected' };
  const payment =
    checkout?.payments.find(({ id }) => id === request.paymentId) ??
    (await orUndefined(deps.payments.get(request.paymentId)));
  if (!payment) return { kind: 'rejected' };
  const sessionCart = { cartId: request.session.cartId, payments: checkout?.payments ?? [] };
  const confirmation = confirmationOf(sessionCart, payment, paymentIntent);
  if (confirmation.kind === 'rejected') return confirmation;

  nameCustomerInBackground(deps, checkout, payment);
  const isProcessing = confirmation.kind === 'processing';
  const shows = (result: LedgerResult) =>
    result.kind === 'recorded' && result.paymentId === payment.id && isRecorded(result.transactions, paymentIntent);
  const isBooked =
    !isProcessing && (isRecorded(payment.transactions, paymentIntent) || ledger.heard(shows) !== undefined);
  const unique = [payment.id, paymentIntent.id, paymentIntent.status, String(paymentIntent.amount_received)];
  const publish = () =>
    deps.events.publish('checkout.payment.confirmed', unique, {
      paymentId: payment.id,
      paymentIntentId: paymentIntent.id,
      paymentIntent: { ...withoutClientSecrets(paymentIntent) },
    });
  const rest =
    deps.checksCart && checkout
      ? await restDue(deps, checkout, request.session, { payment, paymentIntent })
      : undefined;
  if (rest) {
    if (!isBooked) await publish();
    return { kind: 'cart-changed', amountDue: rest };
  }
  if (isBooked) return { kind: 'approved' };
  if (isProcessing) {
    await publish();
    return { kind: 'pending' };
  }
  const eventId = await publish();
  if (!deps.recorded.isListening)
    return (await polled(deps, payment, paymentIntent)) ? { kind: 'approved' } : { kind: 'pending' };
  const result = await ledger.first((one) => one.causeId === eventId || shows(one), deps.confirmWaitMs);
  if (result?.kind === 'rejected') return { kind: 'rejected', code: result.code, declineCode: result.declineCode };
  return result || (await showsIt(deps, payment, paymentIntent)) ? { kind: 'approved' } : { kind: 'pending' };
}

/**
 * Whether commercetools shows the PaymentIntent's state. The ledger's result can be lost on its way here, and a shopper who has paid is not told
 * "pending" for that. When the payment cannot be read, "pending" is true: the event is published.
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

/** Reads the payment until it shows the PaymentIntent's state: for a pod that receives no results of the ledger at the moment. */
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
