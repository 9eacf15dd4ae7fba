import { bookBalance } from './balance.ts';
import { refundable } from './charges.ts';
import { invalidParameter, missingParameter, noSuch, refused, refuseTogether, StripeApiError } from './errors.ts';
import { display } from './money.ts';
import type { Charge, PaymentIntent, Refund } from './objects.ts';
import type { Params } from './params.ts';
import { ASYNC_TYPES } from './payment-methods.ts';
import type { Simulation } from './simulation.ts';
import { append } from './state.ts';

const REASONS = ['duplicate', 'fraudulent', 'requested_by_customer'] as const;
export type RefundStatus = 'pending' | 'requires_action' | 'succeeded' | 'failed' | 'canceled';

/** POST /v1/refunds. `cancelUncaptured` is what refunding an authorisation in full does. */
export function createRefund(
  simulation: Simulation,
  params: Params,
  cancelUncaptured: (paymentIntent: PaymentIntent) => void,
): Refund {
  const charge = chargeToRefund(simulation, params);
  const amount = params.integer('amount');
  if (amount !== undefined && amount < 1) {
    throw invalidParameter('amount', `Invalid positive integer`, 'parameter_invalid_integer');
  }
  const reason = params.oneOf('reason', REASONS) ?? null;
  const metadata = params.metadata();
  refuseState(simulation, charge);
  if (charge.amount_captured === 0) {
    return Object.assign(letGo(simulation, charge, amount, cancelUncaptured), { reason, metadata });
  }
  const left = refundable(simulation, charge);
  if (left === 0) throw alreadyRefunded(charge);
  if (amount !== undefined && amount > left) {
    throw refused(
      `Refund amount (${display(amount, charge.currency)}) is greater than unrefunded amount on charge (${display(left, charge.currency)})`,
      undefined,
      'amount',
    );
  }
  return giveBack(simulation, charge, { amount: amount ?? left, reason, metadata });
}

function refuseState(simulation: Simulation, charge: Charge): void {
  if (charge.status === 'failed') throw refused(`Charge ${charge.id} has failed and cannot be refunded.`);
  if (charge.status === 'pending') {
    throw refused(`Charge ${charge.id} is still pending and cannot be refunded yet.`, 'charge_not_refundable');
  }
  if (charge.disputed && isLockedByDispute(simulation, charge)) {
    throw refused(`Charge ${charge.id} has been charged back; cannot issue a refund.`, 'charge_disputed');
  }
}

/** The refund of a charge that was authorised and never captured: all of it, which cancels the PaymentIntent. */
function letGo(
  simulation: Simulation,
  charge: Charge,
  amount: number | undefined,
  cancelUncaptured: (paymentIntent: PaymentIntent) => void,
): Refund {
  if (charge.refunded) throw alreadyRefunded(charge);
  if (amount !== undefined && amount !== charge.amount) {
    throw refused(
      'You cannot partially refund an uncaptured charge. Instead, capture the charge for an amount less than the original amount',
    );
  }
  const { paymentIntents, refundsOf } = simulation.state;
  const paymentIntent = charge.payment_intent ? paymentIntents.get(charge.payment_intent) : undefined;
  if (paymentIntent) cancelUncaptured(paymentIntent);
  return refundsOf.get(charge.id)?.at(-1) ?? newRefund(simulation, charge, charge.amount);
}

/** The refund of captured money; it ends at once or later, as the card or the method has it. */
function giveBack(
  simulation: Simulation,
  charge: Charge,
  { amount, reason, metadata }: Pick<Refund, 'amount' | 'reason' | 'metadata'>,
): Refund {
  const behaviour = charge.payment_method ? simulation.state.behaviours.get(charge.payment_method) : undefined;
  const type = charge.payment_method_details?.type ?? 'card';
  const isPending = behaviour?.refund === 'pending' || ASYNC_TYPES.includes(type);
  const refund = newRefund(simulation, charge, amount);
  Object.assign(refund, { reason, metadata, status: isPending ? 'pending' : 'succeeded' });
  if (isPending) refund.pending_reason = 'processing';
  refund.balance_transaction = bookBalance(simulation, {
    type: charge.id.startsWith('py') ? 'payment_refund' : 'refund',
    amount: -refund.amount,
    currency: refund.currency,
    source: refund.id,
  }).id;
  countRefund(charge, refund.amount);
  simulation.events.emit('refund.created', refund);
  simulation.events.emit('charge.refunded', charge, {
    amount_refunded: charge.amount_refunded - refund.amount,
    ...(charge.refunded ? { refunded: false } : {}),
    receipt_url: charge.receipt_url,
  });
  const delay = simulation.settings.settleDelayMs;
  if (isPending && delay !== null) simulation.later(delay, () => setRefundStatus(simulation, refund, 'succeeded'));
  if (behaviour?.refund === 'fails' && delay !== null) {
    simulation.later(delay, () => setRefundStatus(simulation, refund, 'failed'));
  }
  return refund;
}

function isLockedByDispute(simulation: Simulation, charge: Charge): boolean {
  for (const dispute of simulation.state.disputes.values()) {
    if (dispute.charge === charge.id && !dispute.is_charge_refundable && dispute.status !== 'won') return true;
  }
  return false;
}

const alreadyRefunded = (charge: Charge): StripeApiError =>
  new StripeApiError(400, {
    type: 'invalid_request_error',
    code: 'charge_already_refunded',
    message: `Charge ${charge.id} has already been refunded.`,
  });

function chargeToRefund(simulation: Simulation, params: Params): Charge {
  refuseTogether(params, ['charge', 'payment_intent']);
  const chargeId = params.string('charge');
  const intentId = params.string('payment_intent');
  if (chargeId) {
    const charge = simulation.state.charges.get(chargeId);
    if (!charge) throw noSuch('charge', chargeId, 'charge');
    return charge;
  }
  if (!intentId) throw missingParameter('payment_intent');
  const paymentIntent = simulation.state.paymentIntents.get(intentId);
  if (!paymentIntent) throw noSuch('payment_intent', intentId, 'payment_intent');
  const charge = paymentIntent.latest_charge ? simulation.state.charges.get(paymentIntent.latest_charge) : undefined;
  if (!charge || charge.status === 'failed') {
    throw refused(`This PaymentIntent (${intentId}) does not have a successful charge to refund.`);
  }
  return charge;
}

function countRefund(charge: Charge, amount: number): void {
  charge.amount_refunded += amount;
  charge.refunded = charge.amount_refunded >= Math.max(charge.amount, charge.amount_captured);
}

function newRefund(simulation: Simulation, charge: Charge, amount: number): Refund {
  const refund: Refund = {
    id: simulation.newId(charge.id.startsWith('py') ? 'pyr' : 're'),
    object: 'refund',
    amount,
    balance_transaction: null,
    charge: charge.id,
    created: simulation.now(),
    currency: charge.currency,
    customer: charge.customer,
    customer_account: null,
    destination_details: { type: charge.payment_method_details?.type ?? 'card' },
    metadata: {},
    payment_intent: charge.payment_intent,
    payment_method: charge.payment_method,
    reason: null,
    receipt_number: null,
    source_transfer_reversal: null,
    status: 'succeeded',
    transfer_reversal: null,
  };
  if (charge.payment_method_details?.type === 'card') {
    refund.destination_details = {
      type: 'card',
      card: { reference_status: 'pending', reference_type: 'acquirer_reference_number', type: 'refund' },
    };
  }
  append(simulation.state.refundsOf, charge.id, refund);
  return simulation.state.refunds.add(refund);
}

/**
 * Lets go of authorised money that will not be captured. Stripe shows it as a refund of the charge without a balance
 * transaction, together with a charge.refunded event, even though no money moved.
 */
export function releaseUncaptured(simulation: Simulation, charge: Charge, amount: number): void {
  if (amount <= 0 || simulation.settings.releases === 'none') return;
  const before = charge.amount_refunded;
  const release = newRefund(simulation, charge, amount);
  if (release.destination_details?.card) release.destination_details.card = { type: 'reversal' };
  simulation.state.releases.add(release.id);
  if (simulation.settings.releases === 'movement' && charge.amount_captured > 0) {
    release.balance_transaction = bookBalance(simulation, {
      type: 'refund',
      category: 'partial_capture_reversal',
      amount: -amount,
      currency: release.currency,
      source: release.id,
    }).id;
  }
  countRefund(charge, amount);
  simulation.events.emit('refund.created', release);
  simulation.events.emit('charge.refunded', charge, {
    amount_refunded: before,
    ...(charge.refunded ? { refunded: false } : {}),
  });
}

/** Moves a refund to another state and tells it with refund.updated, and refund.failed when the money comes back. */
export function setRefundStatus(simulation: Simulation, refund: Refund, status: RefundStatus): Refund {
  const before = refund.status;
  if (before === status) return refund;
  refund.status = status;
  const isLost = status === 'failed' || status === 'canceled';
  const wasLost = before === 'failed' || before === 'canceled';
  const charge = refund.charge ? simulation.state.charges.get(refund.charge) : undefined;
  if (status !== 'pending') delete refund.pending_reason;
  if (charge && isLost && !wasLost) {
    countRefund(charge, -refund.amount);
    refund.failure_balance_transaction = bookBalance(simulation, {
      type: 'refund_failure',
      amount: refund.amount,
      currency: refund.currency,
      source: refund.id,
    }).id;
    if (status === 'failed') refund.failure_reason = 'lost_or_stolen_card';
  }
  if (charge && wasLost && !isLost) countRefund(charge, refund.amount);
  simulation.events.emit('refund.updated', refund, { status: before });
  simulation.events.emit('charge.refund.updated', refund, { status: before });
  if (status === 'failed') simulation.events.emit('refund.failed', refund);
  return refund;
}

/** POST /v1/refunds/:id/cancel. */
export function cancelRefund(simulation: Simulation, refund: Refund): Refund {
  if (refund.status !== 'requires_action') {
    throw refused(
      `Refund ${refund.id} cannot be canceled because it has a status of ${refund.status}. Only a refund with a status of requires_action may be canceled.`,
    );
  }
  return setRefundStatus(simulation, refund, 'canceled');
}
