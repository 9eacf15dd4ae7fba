import { idempotencyKey, METADATA, type Money, sameMoney } from '@connector/payment-model';
import type { Payment } from '../../domain/checkout-cart.ts';
import type { Step } from '../../domain/opening.ts';
import { unhurried } from '../background.ts';
import { link, nameCustomer } from '../link-payment.ts';
import type { OpenCheckoutDeps, Opening } from './opening.ts';
import { isConflict } from './perform.ts';

/**
 * How long we leave the PaymentIntent to the browser, in ms: it usually confirms at once, and Stripe refuses concurrent
 * access to an object with `lock_timeout`.
 */
const BROWSER_FIRST_MS = 3_000;
const NAME_TRIES = 4;

/** The attempt that is given to the shopper. */
export type Given = Extract<Step, { kind: 'give' }>;

/**
 * What an open payment still needs and its shopper does not wait for: the link to the PaymentIntent, the customer's name, and, where this
 * request made the PaymentIntent or found it without a link, its name on the PaymentIntent and the event.
 */
export function followUp(
  { deps, memory, snapshot: { cart, customer } }: Pick<Opening, 'deps' | 'memory' | 'snapshot'>,
  { attempt, wanted }: Given,
): void {
  const { payment, paymentIntent } = attempt;
  const linking = unhurried(() => link(deps.payments, payment, paymentIntent.id));
  deps.inBackground('link payment to PaymentIntent and customer', async () => {
    const linked = await linking;
    if (customer) await nameCustomer(deps.payments, linked, customer.id);
  });
  if (attempt.paymentIntentId !== undefined && memory.created.size === 0) return;
  const namePaymentLater = () => namePayment(deps, paymentIntent.id, payment.id);
  deps.inBackground('name the payment on the PaymentIntent', namePaymentLater, { afterMs: BROWSER_FIRST_MS });
  deps.inBackground('publish opened', async () => {
    // Published even if the link failed: the event makes the ledger link the payment.
    const linked = await linking.catch(() => undefined);
    const asLinked = linked && asJustLinked(linked, paymentIntent.id, wanted.due);
    await deps.events.publish('checkout.payment.opened', [payment.id, paymentIntent.id], {
      paymentId: payment.id,
      paymentIntentId: paymentIntent.id,
      paymentKey: payment.key ?? '',
      cartId: cart.id,
      amount: wanted.due,
      ...(asLinked && { asLinked }),
    });
  });
}

/**
 * What the ledger needs of a payment that has just been linked, so that it need not read it: only for a payment without
 * transactions whose amountPlanned is the event's.
 */
function asJustLinked(payment: Payment, paymentIntentId: string, due: Money) {
  const { version, createdAt, interfaceId, amountPlanned, paymentMethodInfo, transactions } = payment;
  const { paymentInterface, method, token } = paymentMethodInfo;
  const isFresh = interfaceId === paymentIntentId && transactions.length === 0 && !method && !token;
  return isFresh && sameMoney(amountPlanned, due) ? { version, createdAt, paymentInterface } : undefined;
}

/**
 * Only for people who look at the PaymentIntent; nothing depends on it, so it must not disturb a shopper who is paying.
 */
async function namePayment(
  { paymentIntents, sleep }: OpenCheckoutDeps,
  paymentIntentId: string,
  paymentId: string,
): Promise<void> {
  const params = { metadata: { [METADATA.paymentId]: paymentId } };
  for (let attempt = 1; ; attempt += 1) {
    try {
      const key = idempotencyKey('name-payment', paymentIntentId, paymentId, attempt);
      await paymentIntents.update(paymentIntentId, params, key);
      return;
    } catch (error) {
      if (!isConflict(error) || attempt >= NAME_TRIES) throw error;
    }
    await sleep(BROWSER_FIRST_MS);
  }
}
