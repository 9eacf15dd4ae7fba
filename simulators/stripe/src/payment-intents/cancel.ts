import { unexpectedState } from '../errors.ts';
import type { PaymentIntent } from '../objects.ts';
import type { Params } from '../params.ts';
import { releaseUncaptured } from '../refunds.ts';
import type { Simulation } from '../simulation.ts';
import { holdsVoucher, voidVoucher } from '../vouchers.ts';
import { OPEN, secretsOf } from './states.ts';

const CANCELLATION_REASONS = ['duplicate', 'fraudulent', 'requested_by_customer', 'abandoned'] as const;

/** POST /v1/payment_intents/:id/cancel; what was authorised and not captured is let go of. */
export function cancelPaymentIntent(
  simulation: Simulation,
  paymentIntent: PaymentIntent,
  params?: Params,
): PaymentIntent {
  const reason = params?.oneOf('cancellation_reason', CANCELLATION_REASONS) ?? null;
  if (!OPEN.includes(paymentIntent.status) && paymentIntent.status !== 'requires_capture') {
    throw unexpectedState(
      paymentIntent,
      `You cannot cancel this PaymentIntent because it has a status of ${paymentIntent.status}. Only a PaymentIntent with one of the following statuses may be canceled: requires_payment_method, requires_capture, requires_confirmation, requires_action.`,
    );
  }
  return cancel(simulation, paymentIntent, reason);
}

function cancel(
  simulation: Simulation,
  paymentIntent: PaymentIntent,
  reason: PaymentIntent['cancellation_reason'],
): PaymentIntent {
  const isAuthorized = paymentIntent.status === 'requires_capture';
  const wasHeld = holdsVoucher(paymentIntent);
  const charge = paymentIntent.latest_charge ? simulation.state.charges.get(paymentIntent.latest_charge) : undefined;
  paymentIntent.status = 'canceled';
  paymentIntent.canceled_at = simulation.now();
  paymentIntent.cancellation_reason = reason;
  paymentIntent.amount_capturable = 0;
  if (wasHeld) voidVoucher(simulation, paymentIntent);
  paymentIntent.next_action = null;
  secretsOf(simulation, paymentIntent).pending = null;
  if (isAuthorized && charge) {
    if (charge.amount_captured > 0) charge.captured = true;
    releaseUncaptured(simulation, charge, charge.amount - charge.amount_captured);
  }
  simulation.events.emit('payment_intent.canceled', paymentIntent);
  return paymentIntent;
}

/** Nobody captured in time: Stripe lets go of the money and cancels by itself. Throws StripeApiError when nothing is authorised. */
export function expireAuthorization(simulation: Simulation, paymentIntent: PaymentIntent): PaymentIntent {
  const charge = paymentIntent.latest_charge ? simulation.state.charges.get(paymentIntent.latest_charge) : undefined;
  if (paymentIntent.status !== 'requires_capture' || !charge) {
    throw unexpectedState(
      paymentIntent,
      `This PaymentIntent has a status of ${paymentIntent.status}, not requires_capture.`,
    );
  }
  simulation.events.emit('charge.expired', charge);
  return cancel(simulation, paymentIntent, 'automatic');
}
