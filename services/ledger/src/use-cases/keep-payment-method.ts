import { TransientError } from '@connector/errors';
import { metrics } from '@connector/telemetry';
import { LRUCache } from 'lru-cache';
import type { PaymentEvent } from '../domain/payment-event.ts';
import { isMissingPermission, type Recorded, type SaveDependencies, savePaymentMethod } from './save-payment-method.ts';

const ATTEMPTS = 3;
/** After this many attempts an event may be close to becoming a dead letter, so it is not delayed further. */
const LATE_ATTEMPT = 10;
const HOUR_MS = 60 * 60 * 1000;

/**
 * Stores a saved payment method in commercetools, after the payment was recorded. A transient failure is thrown as
 * TransientError, so that the event is retried, at most twice. After that, and for every other failure, the failure is
 * logged and counted and the event is done: the money is recorded, and no payment may become a dead letter because of
 * its method. A missing permission in commercetools or Stripe is logged once an hour.
 */
export function keepPaymentMethod(
  deps: SaveDependencies,
): (event: PaymentEvent, recorded: Recorded, attempt: number) => Promise<void> {
  const { log, now = Date.now } = deps;
  const save = savePaymentMethod(deps);
  const tries = new LRUCache<string, number>({ max: 1_000 });
  let warnedAt = Number.NEGATIVE_INFINITY;
  const counted = (outcome: string) => metrics.paymentOperations.inc({ operation: 'save_payment_method', outcome });
  return async (event, recorded, attempt) => {
    const about = { eventId: event.id, type: event.type, paymentId: recorded.payment.id };
    try {
      const outcome = await save(event, recorded);
      tries.delete(event.id);
      if (outcome.kind !== 'saved') return;
      counted('approved');
      log.info({ ...about, paymentMethodId: outcome.paymentMethodId, job: outcome.job }, 'payment method kept');
    } catch (error) {
      if (isMissingPermission(error)) {
        counted('rejected');
        if (now() - warnedAt >= HOUR_MS) {
          warnedAt = now();
          log.warn({ ...about, error }, 'payment methods are not kept: a permission is missing');
        }
        return;
      }
      const tried = (tries.get(event.id) ?? 0) + 1;
      if (error instanceof TransientError && tried < ATTEMPTS && attempt <= LATE_ATTEMPT) {
        tries.set(event.id, tried);
        throw error;
      }
      tries.delete(event.id);
      counted('error');
      log.error({ ...about, error, tried }, 'a payment method could not be kept');
    }
  };
}
