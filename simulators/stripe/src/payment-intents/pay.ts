import { bookCapture, bookCaptureLater, newCharge } from '../charges.ts';
import { disputeIfMeant } from '../disputes.ts';
import type { Charge, PaymentIntent, PaymentMethod } from '../objects.ts';
import {
  ASYNC_TYPES,
  attachPaymentMethod,
  generateSepaDebit,
  ONCE_TYPES,
  SEPA_GENERATING_TYPES,
} from '../payment-methods.ts';
import type { Simulation } from '../simulation.ts';
import { expireAuthorization } from './cancel.ts';
import { fail } from './decline.ts';
import { settle } from './settle.ts';

interface Attempt {
  readonly isAuthenticated: boolean;
}

export function pay(
  simulation: Simulation,
  paymentIntent: PaymentIntent,
  method: PaymentMethod,
  attempt: Attempt,
): PaymentIntent {
  const behaviour = simulation.state.behaviours.get(method.id) ?? {};
  if (behaviour.decline) return fail(simulation, paymentIntent, method, behaviour.decline, attempt);
  if (ASYNC_TYPES.includes(method.type)) return debit(simulation, paymentIntent, method, attempt);
  const isCaptured = paymentIntent.capture_method !== 'manual';
  const charge = newCharge(simulation, paymentIntent, method, { status: 'succeeded', isCaptured, ...attempt });
  paymentIntent.latest_charge = charge.id;
  saveMethod(simulation, paymentIntent, method, charge);
  if (!isCaptured) return authorize(simulation, paymentIntent, charge);
  if (paymentIntent.capture_method === 'automatic_async') bookCaptureLater(simulation, charge);
  else bookCapture(simulation, charge, charge.amount);
  paymentIntent.status = 'succeeded';
  paymentIntent.amount_received = paymentIntent.amount;
  simulation.events.emit('charge.succeeded', charge);
  simulation.events.emit('payment_intent.succeeded', paymentIntent);
  disputeIfMeant(simulation, charge, behaviour);
  return paymentIntent;
}

/** A bank debit, which settles days later. It is booked when it is made, and back when it fails. */
function debit(
  simulation: Simulation,
  paymentIntent: PaymentIntent,
  method: PaymentMethod,
  attempt: Attempt,
): PaymentIntent {
  const charge = newCharge(simulation, paymentIntent, method, { status: 'pending', isCaptured: true, ...attempt });
  bookCapture(simulation, charge, charge.amount);
  paymentIntent.latest_charge = charge.id;
  paymentIntent.status = 'processing';
  saveMethod(simulation, paymentIntent, method, charge);
  simulation.events.emit('charge.pending', charge);
  simulation.events.emit('payment_intent.processing', paymentIntent);
  const delay = simulation.settings.settleDelayMs;
  if (delay === null) return paymentIntent;
  simulation.later(delay, () => {
    const isWaiting = paymentIntent.status === 'processing' && paymentIntent.latest_charge === charge.id;
    const outcome = simulation.state.behaviours.get(method.id)?.settles ?? 'succeeded';
    if (isWaiting) settle(simulation, paymentIntent, outcome);
  });
  return paymentIntent;
}

/** Holds the money until it is captured, or for as long as the card's bank lets it. */
function authorize(simulation: Simulation, paymentIntent: PaymentIntent, charge: Charge): PaymentIntent {
  paymentIntent.status = 'requires_capture';
  paymentIntent.amount_capturable = paymentIntent.amount;
  simulation.events.emit('charge.succeeded', charge);
  simulation.events.emit('payment_intent.amount_capturable_updated', paymentIntent);
  const captureBefore = charge.payment_method_details?.card?.capture_before ?? simulation.now() + 7 * 86_400;
  simulation.later((captureBefore - simulation.now()) * 1000, () => {
    const isOpen = paymentIntent.status === 'requires_capture' && paymentIntent.latest_charge === charge.id;
    if (isOpen) expireAuthorization(simulation, paymentIntent);
  });
  return paymentIntent;
}

/** Keeps the method for the customer; one that cannot be used again leaves a SEPA direct debit in its place, named by the charge. */
function saveMethod(simulation: Simulation, paymentIntent: PaymentIntent, method: PaymentMethod, charge: Charge): void {
  const usage =
    paymentIntent.payment_method_options?.card?.setup_future_usage ?? paymentIntent.setup_future_usage ?? 'none';
  if (method.customer) return;
  if (usage === 'none' || !paymentIntent.customer) {
    simulation.state.spentMethods.add(method.id);
    return;
  }
  if (SEPA_GENERATING_TYPES.includes(method.type)) {
    const generated = generateSepaDebit(simulation, method, charge.id);
    charge.payment_method_details = {
      type: method.type,
      [method.type]: { generated_sepa_debit: generated.id, generated_sepa_debit_mandate: null },
    };
    attachPaymentMethod(simulation, generated, paymentIntent.customer);
    simulation.state.spentMethods.add(method.id);
    return;
  }
  if (ONCE_TYPES.has(method.type)) simulation.state.spentMethods.add(method.id);
  else attachPaymentMethod(simulation, method, paymentIntent.customer);
}
