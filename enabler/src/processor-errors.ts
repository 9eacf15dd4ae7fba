import { type EnablerError, PaymentError, ProcessorError } from './errors.ts';
import { messageKeyFor, type Texts } from './messages.ts';
import type { Money } from './payment-enabler.ts';

/** Body of an answer to a confirmation. */
export interface ConfirmAnswer {
  outcome?: string;
  code?: string;
  declineCode?: string;
  amountDue?: Money;
}

/** Throws the error in an answer to a confirmation; PaymentError for a refusal. */
export function throwIfRefused(
  status: number,
  ok: boolean,
  body: unknown,
  paymentReference: string,
  text: Texts,
): void {
  const { outcome, code, declineCode, amountDue } = (body ?? {}) as ConfirmAnswer;
  if (code === 'cart_changed' && amountDue) throw cartChanged(amountDue, paymentReference, text);
  if (outcome === 'rejected') {
    const message = text(messageKeyFor(code, declineCode));
    throw new PaymentError(code ?? 'payment_rejected', 'payment_failed', { message, declineCode, paymentReference });
  }
  if (!ok) throw processorError(status, body, text);
}

/** The paid amount stays paid; the shopper sees what remains. */
const cartChanged = (amountDue: Money, paymentReference: string, text: Texts): PaymentError =>
  new PaymentError('cart_changed', 'cart_changed', {
    message: text('cart_changed', { due: amountDue }),
    paymentReference,
    extra: { amountDue },
  });

const ALREADY_PAID = 'The cart has already been paid in full';

/** The error for a status that is not a success, for the host and the shopper. */
export function processorError(status: number, body: unknown, text: Texts): EnablerError {
  const { message, errors } = (body ?? {}) as { message?: string; errors?: { code?: string }[] };
  const alreadyPaid = message?.startsWith(ALREADY_PAID) ?? false;
  const code = alreadyPaid ? 'already_paid' : (errors?.[0]?.code ?? `http_${status}`);
  const key = alreadyPaid
    ? 'already_paid'
    : status === 401
      ? 'session_expired'
      : status >= 500 || code === 'cart_locked'
        ? 'unavailable'
        : 'generic';
  return new ProcessorError(code, status, message, { message: text(key) });
}

export function expressConfigError(status: number): ProcessorError {
  const isRefused = status === 403;
  const message = isRefused ? 'Unauthorized error fetching express config' : 'Not able to initialize Express Checkout';
  return new ProcessorError(isRefused ? 'origin_not_allowed' : 'express_config_failed', status, message, { message });
}
