import { bookBalance } from './balance.ts';
import type { Charge, PaymentIntent, PaymentMethod } from './objects.ts';
import type { Simulation } from './simulation.ts';
import { append } from './state.ts';
import type { Decline } from './test-cards.ts';

const PROCESSING_ERRORS = new Set(['processing_error']);

/** Makes the charge of one attempt to pay; metadata are copied from the PaymentIntent as they are now, and not again. */
export function newCharge(
  simulation: Simulation,
  paymentIntent: PaymentIntent,
  method: PaymentMethod,
  attempt: Attempt & { status: 'succeeded' | 'pending' | 'failed' },
): Charge {
  const { status, isCaptured, decline } = attempt;
  const isCard = method.type === 'card';
  const charge: Charge = {
    id: simulation.newId(isCard ? 'ch' : 'py'),
    object: 'charge',
    amount: paymentIntent.amount,
    amount_captured: isCaptured && status === 'succeeded' ? paymentIntent.amount : 0,
    amount_refunded: 0,
    application: null,
    application_fee: null,
    application_fee_amount: null,
    balance_transaction: null,
    billing_details: structuredClone(method.billing_details),
    calculated_statement_descriptor: isCard ? 'SANDBOX SHOP' : null,
    captured: isCaptured && status !== 'failed',
    created: simulation.now(),
    currency: paymentIntent.currency,
    customer: paymentIntent.customer,
    description: paymentIntent.description,
    disputed: false,
    failure_balance_transaction: null,
    failure_code: decline?.code ?? null,
    failure_message: decline?.message ?? null,
    fraud_details: {},
    livemode: false,
    metadata: { ...paymentIntent.metadata },
    on_behalf_of: null,
    outcome: outcomeOf(status, decline),
    paid: status === 'succeeded',
    payment_intent: paymentIntent.id,
    payment_method: method.id,
    payment_method_details: methodDetails(paymentIntent, method, attempt),
    radar_options: {},
    receipt_email: paymentIntent.receipt_email,
    receipt_number: null,
    receipt_url: null,
    refunded: false,
    review: null,
    shipping: paymentIntent.shipping as Charge['shipping'],
    source: null,
    source_transfer: null,
    statement_descriptor: null,
    statement_descriptor_suffix: null,
    status,
    transfer_data: null,
    transfer_group: paymentIntent.transfer_group,
  };
  if (status === 'succeeded') charge.receipt_url = `${simulation.url}/_sandbox/receipts/${charge.id}`;
  append(simulation.state.chargesOf, paymentIntent.id, charge);
  return simulation.state.charges.add(charge);
}

function outcomeOf(status: Charge['status'], decline: Decline | undefined): Charge['outcome'] {
  if (!decline) {
    return {
      advice_code: null,
      network_advice_code: null,
      network_decline_code: null,
      network_status: status === 'pending' ? 'not_sent_to_network' : 'approved_by_network',
      reason: null,
      risk_level: 'normal',
      risk_score: 12,
      seller_message: status === 'pending' ? 'Payment pending.' : 'Payment complete.',
      type: 'authorized',
    };
  }
  return {
    advice_code: PROCESSING_ERRORS.has(decline.code) ? 'try_again_later' : 'do_not_try_again',
    network_advice_code: null,
    network_decline_code: decline.isBlocked ? null : '05',
    network_status: decline.isBlocked ? 'not_sent_to_network' : 'declined_by_network',
    reason: decline.isBlocked ? 'highest_risk_level' : (decline.declineCode ?? decline.code),
    risk_level: decline.isBlocked ? 'highest' : 'normal',
    risk_score: decline.isBlocked ? 92 : 12,
    seller_message: decline.isBlocked
      ? 'Stripe blocked this payment as too risky.'
      : 'The bank did not return any further details with this decline.',
    type: decline.isBlocked ? 'blocked' : 'issuer_declined',
  };
}

const availability = (request: string | undefined): 'available' | 'unavailable' =>
  request === 'if_available' ? 'available' : 'unavailable';

/** A card's network lets 15 % more be captured than was authorised, where that was asked for. */
export const mostCapturable = ({ amount, payment_method_options: options }: PaymentIntent): number =>
  options?.card?.request_overcapture === 'if_available' ? Math.floor(amount * 1.15) : amount;

interface Attempt {
  isCaptured: boolean;
  isAuthenticated: boolean;
  decline?: Decline;
}

function methodDetails(
  paymentIntent: PaymentIntent,
  method: PaymentMethod,
  attempt: Attempt,
): Charge['payment_method_details'] {
  if (method.card) return { type: 'card', card: cardDetails(paymentIntent, method.card, attempt) };
  if (method.sepa_debit) {
    const { bank_code, branch_code, country, fingerprint, last4 } = method.sepa_debit;
    return {
      type: 'sepa_debit',
      sepa_debit: { bank_code, branch_code, country, fingerprint, last4, mandate: `mandate_${method.id.slice(3)}` },
    };
  }
  return { type: method.type, [method.type]: voucherDetails(paymentIntent, method) };
}

const CHALLENGED = {
  authentication_flow: 'challenge',
  electronic_commerce_indicator: '05',
  exemption_indicator: null,
  result: 'authenticated',
  result_reason: null,
  transaction_id: null,
  version: '2.2.0',
} as const;

function cardDetails(
  paymentIntent: PaymentIntent,
  card: NonNullable<PaymentMethod['card']>,
  attempt: Attempt,
): NonNullable<Charge['payment_method_details']>['card'] {
  const options = paymentIntent.payment_method_options?.card;
  const isHeld = !attempt.isCaptured && !attempt.decline;
  const isExtended = options?.request_extended_authorization === 'if_available';
  return {
    amount_authorized: attempt.decline ? null : paymentIntent.amount,
    authorization_code: attempt.decline ? null : '123456',
    brand: card.brand,
    ...(isHeld ? { capture_before: paymentIntent.created + (isExtended ? 30 : 7) * 86_400 } : {}),
    checks: {
      address_line1_check: null,
      address_postal_code_check: null,
      cvc_check: attempt.decline?.code === 'incorrect_cvc' ? 'fail' : 'pass',
    },
    country: card.country,
    electronic_commerce_indicator: attempt.isAuthenticated ? '05' : null,
    exp_month: card.exp_month,
    exp_year: card.exp_year,
    extended_authorization: { status: isHeld && isExtended ? 'enabled' : 'disabled' },
    fingerprint: card.fingerprint ?? null,
    funding: card.funding,
    incremental_authorization: {
      status: isHeld ? availability(options?.request_incremental_authorization) : 'unavailable',
    },
    installments: null,
    last4: card.last4,
    mandate: null,
    multicapture: { status: availability(options?.request_multicapture) },
    network: card.brand,
    network_token: { used: false },
    network_transaction_id: '104102110912612',
    overcapture: {
      maximum_amount_capturable: isHeld ? mostCapturable(paymentIntent) : paymentIntent.amount,
      status: isHeld ? availability(options?.request_overcapture) : 'unavailable',
    },
    regulated_status: 'unregulated',
    three_d_secure: attempt.isAuthenticated ? CHALLENGED : null,
    transaction_link_id: null,
    wallet: card.wallet as never,
  };
}

/** What the charge says of the voucher that it is paid with. */
function voucherDetails({ next_action: action }: PaymentIntent, { type, boleto }: PaymentMethod): object {
  if (type === 'boleto') return { tax_id: boleto?.tax_id ?? '' };
  if (type === 'konbini') return { store: null };
  if (type === 'oxxo') return { number: action?.oxxo_display_details?.number ?? null };
  if (type !== 'multibanco') return {};
  const { entity = null, reference = null } = action?.multibanco_display_details ?? {};
  return { entity, reference };
}

/** Books the balance transaction of `amount` captured; the charge shows the latest one. */
export function bookCapture(simulation: Simulation, charge: Charge, amount: number): void {
  const type = charge.id.startsWith('py') ? 'payment' : 'charge';
  charge.balance_transaction = bookBalance(simulation, {
    type,
    amount,
    currency: charge.currency,
    source: charge.id,
  }).id;
}

/** Books back a bank debit that failed; its source is the charge, which no refund stands for. */
export function bookFailure(simulation: Simulation, charge: Charge): void {
  charge.failure_balance_transaction = bookBalance(simulation, {
    type: 'payment_failure_refund',
    amount: -charge.amount,
    currency: charge.currency,
    source: charge.id,
  }).id;
}

/** A charge captured asynchronously gets its balance transaction a little later, and tells it with charge.updated. */
export function bookCaptureLater(simulation: Simulation, charge: Charge): void {
  simulation.later(simulation.settings.balanceDelayMs, () => {
    if (charge.balance_transaction) return;
    bookCapture(simulation, charge, charge.amount);
    simulation.events.emit('charge.updated', charge, { balance_transaction: null });
  });
}

/** How much of a charge may still be refunded; releases of uncaptured money do not count against it. */
export function refundable(simulation: Simulation, charge: Charge): number {
  const refunds = simulation.state.refundsOf.get(charge.id) ?? [];
  const refunded = refunds
    .filter(({ id, status }) => !simulation.state.releases.has(id) && status !== 'failed' && status !== 'canceled')
    .reduce((sum, { amount }) => sum + amount, 0);
  return charge.amount_captured - refunded;
}
