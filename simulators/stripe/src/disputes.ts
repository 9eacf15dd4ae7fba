import { bookBalance } from './balance.ts';
import { refused } from './errors.ts';
import type { Charge, Dispute } from './objects.ts';
import type { Simulation } from './simulation.ts';
import type { CardBehaviour } from './test-cards.ts';

const DISPUTE_FEE = 2000;
const isInquiry = (status: string): boolean => status.startsWith('warning_');
const isOver = (status: string): boolean => ['won', 'lost', 'warning_closed', 'prevented'].includes(status);
const EVIDENCE_FIELDS =
  'access_activity_log billing_address cancellation_policy cancellation_policy_disclosure cancellation_rebuttal customer_communication customer_email_address customer_name customer_purchase_ip customer_signature duplicate_charge_documentation duplicate_charge_explanation duplicate_charge_id product_description receipt refund_policy refund_policy_disclosure refund_refusal_explanation service_date service_documentation shipping_address shipping_carrier shipping_date shipping_documentation shipping_tracking_number uncategorized_file uncategorized_text';

const noEvidence = (): Dispute['evidence'] =>
  ({
    ...Object.fromEntries(EVIDENCE_FIELDS.split(' ').map((field) => [field, null])),
    enhanced_evidence: {},
  }) as unknown as Dispute['evidence'];

/** Opens a dispute. A chargeback takes the money at once (funds_withdrawn) unless `withdraw` is false; an inquiry (`warning_*`) takes none. */
export function openDispute(
  simulation: Simulation,
  charge: Charge,
  options: { amount?: number; status?: string; reason?: string; withdraw?: boolean } = {},
): Dispute {
  const status = options.status ?? 'needs_response';
  const created = simulation.now();
  const dispute: Dispute = {
    id: simulation.newId(charge.id.startsWith('py') ? 'pdp' : 'du'),
    object: 'dispute',
    amount: options.amount ?? charge.amount_captured,
    balance_transactions: [],
    charge: charge.id,
    created,
    currency: charge.currency,
    enhanced_eligibility_types: [],
    evidence: noEvidence(),
    evidence_details: {
      due_by: created + 7 * 86_400,
      enhanced_eligibility: {},
      has_evidence: false,
      past_due: false,
      submission_count: 0,
      submission_method: 'not_submitted',
    },
    intended_submission_method: null,
    is_charge_refundable: isInquiry(status),
    livemode: false,
    metadata: {},
    payment_intent: charge.payment_intent,
    payment_method_details: {
      type: 'card',
      card: {
        brand: charge.payment_method_details?.card?.brand ?? 'visa',
        case_type: isInquiry(status) ? 'inquiry' : 'chargeback',
        network: charge.payment_method_details?.card?.brand ?? 'visa',
        network_reason_code: '83',
      },
    },
    reason: options.reason ?? 'fraudulent',
    status,
  };
  charge.disputed = true;
  simulation.state.disputes.add(dispute);
  simulation.events.emit('charge.dispute.created', dispute);
  if (options.withdraw ?? !(isInquiry(status) || isOver(status))) withdrawFunds(simulation, dispute);
  return dispute;
}

const held = (dispute: Dispute): number =>
  dispute.balance_transactions.reduce((sum, transaction) => sum - transaction.amount, 0);

/** The bank takes the disputed money and Stripe its fee. */
function withdrawFunds(simulation: Simulation, dispute: Dispute): void {
  if (held(dispute) > 0) return;
  dispute.balance_transactions.push(
    bookBalance(simulation, {
      type: 'adjustment',
      amount: -dispute.amount,
      currency: dispute.currency,
      source: dispute.id,
      fee: DISPUTE_FEE,
      description: `Chargeback withdrawal for ${dispute.charge}`,
    }),
  );
  dispute.is_charge_refundable = false;
  simulation.events.emit('charge.dispute.funds_withdrawn', dispute);
}

function reinstateFunds(simulation: Simulation, dispute: Dispute): void {
  if (held(dispute) <= 0) return;
  dispute.balance_transactions.push(
    bookBalance(simulation, {
      type: 'adjustment',
      amount: dispute.amount,
      currency: dispute.currency,
      source: dispute.id,
      fee: -DISPUTE_FEE,
      description: `Chargeback reversal for ${dispute.charge}`,
    }),
  );
  simulation.events.emit('charge.dispute.funds_reinstated', dispute);
}

/** Moves a dispute on: `won`, `lost` and `warning_closed` close it (won gives the money back), anything else updates it. */
export function moveDispute(
  simulation: Simulation,
  dispute: Dispute,
  change: { status?: string; withdraw?: boolean; reinstate?: boolean },
): Dispute {
  if (change.withdraw) withdrawFunds(simulation, dispute);
  const before = dispute.status;
  if (change.status && change.status !== before) {
    dispute.status = change.status;
    if (isInquiry(before) && change.status === 'needs_response') dispute.is_charge_refundable = false;
    if (change.status === 'won' && change.reinstate !== false) reinstateFunds(simulation, dispute);
    const type = isOver(change.status) ? 'charge.dispute.closed' : 'charge.dispute.updated';
    simulation.events.emit(type, dispute, { status: before });
  }
  if (change.reinstate) reinstateFunds(simulation, dispute);
  return dispute;
}

/** POST /v1/disputes/:id/close: the merchant accepts the loss. */
export function closeDispute(simulation: Simulation, dispute: Dispute): Dispute {
  if (isOver(dispute.status)) throw refused('This dispute is already closed', 'dispute_already_closed');
  return moveDispute(simulation, dispute, { status: isInquiry(dispute.status) ? 'warning_closed' : 'lost' });
}

/** Opens the dispute that the card stands for, if any. */
export function disputeIfMeant(simulation: Simulation, charge: Charge, behaviour: CardBehaviour): void {
  if (!behaviour.dispute) return;
  openDispute(simulation, charge, {
    status: behaviour.dispute === 'inquiry' ? 'warning_needs_response' : 'needs_response',
    reason: behaviour.dispute === 'product_not_received' ? 'product_not_received' : 'fraudulent',
  });
}
