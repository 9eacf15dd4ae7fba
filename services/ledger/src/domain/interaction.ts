import type { Interaction } from './decide.ts';
import type { PaymentEvent } from './payment-event.ts';
import { amountRemainingOf } from './stripe-objects.ts';

/** Why a payment was declined, in Stripe's codes and words. */
export interface Decline {
  readonly code?: string | undefined;
  readonly declineCode?: string | undefined;
  readonly message?: string | undefined;
}

/** The decline that an event reports, if it reports one. */
export function declineOf({ detail }: PaymentEvent): Decline | undefined {
  if (detail.kind === 'operation-refused') {
    const { code, declineCode } = detail.refusal;
    return { code, declineCode };
  }
  if (detail.kind !== 'payment-failed') return undefined;
  const { code, decline_code: declineCode, message } = detail.paymentIntent.last_payment_error ?? {};
  return { code: code ?? undefined, declineCode: declineCode ?? undefined, message: message ?? undefined };
}

/**
 * The record of an event on the payment, in the type that Checkout's tools read. `response` contains a few fields about
 * what happened, never the raw event, which has the shopper's data.
 */
export function interactionOf(event: PaymentEvent, typeKey: string | undefined): Interaction | undefined {
  if (!typeKey || event.detail.kind === 'payment-opened') return undefined;
  const { id, type, occurredAt } = event;
  return {
    typeKey,
    fields: {
      interactionId: id,
      createdAt: occurredAt.toISOString(),
      type,
      response: JSON.stringify(summaryOf(event)),
    },
  };
}

function summaryOf(event: PaymentEvent): Record<string, unknown> {
  const { detail } = event;
  const decline = declineOf(event);
  switch (detail.kind) {
    case 'payment-intent-changed':
    case 'payment-failed':
    case 'shopper-must-act': {
      const { id, status, amount, amount_received, currency } = detail.paymentIntent;
      const remaining = amountRemainingOf(detail.paymentIntent);
      return { id, status, amount, amount_received, currency, amount_remaining: remaining, ...decline };
    }
    case 'charge-changed':
    case 'charge-refunded': {
      const { id, status, amount, amount_captured, amount_refunded, currency, captured } = detail.charge;
      // Nothing else in commercetools shows until when, and up to which amount, an authorisation can be captured.
      const { capture_before, overcapture } = detail.charge.payment_method_details?.card ?? {};
      const { status: above, maximum_amount_capturable } = overcapture ?? {};
      return {
        id,
        status,
        amount,
        amount_captured,
        amount_refunded,
        currency,
        ...(!captured && { capture_before }),
        ...(!captured && above === 'available' && { maximum_amount_capturable }),
      };
    }
    case 'refund-changed': {
      const { id, status, amount, currency } = detail.refund;
      return { id, status, amount, currency };
    }
    case 'dispute-changed': {
      const { id, status, amount, currency, balance_transactions: movements } = detail.dispute;
      return { id, status, amount, currency, movements: movements?.map((movement) => movement.amount) };
    }
    case 'payment-suspected': {
      const { id, reason, closed_reason, open, fraud_type, actionable } = detail.suspicion;
      return { id, reason, closed_reason, open, fraud_type, actionable };
    }
    case 'operation-refused':
      return { operation: detail.data.operation, operationId: detail.data.operationId, ...decline };
    default:
      return {};
  }
}
