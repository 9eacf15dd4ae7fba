import { bookCapture, newCharge } from './charges.ts';
import { refused, unexpectedState } from './errors.ts';
import type { Charge, PaymentIntent, PaymentMethod } from './objects.ts';
import { findPaymentMethod } from './payment-methods.ts';
import type { Simulation } from './simulation.ts';

const DAY_MS = 86_400_000;

/** Days that a voucher can be paid, by its method, as Stripe's documentation has them; a bank transfer never expires by itself. */
const VALID_DAYS: Readonly<Record<string, number | null>> = {
  boleto: 3,
  konbini: 3,
  multibanco: 7,
  oxxo: 3,
  customer_balance: null,
};

/** The one country's transfer that a currency is paid by, and the field of its account. */
const TRANSFERS: Readonly<Record<string, { type: string; address: (holder: string) => object }>> = {
  eur: {
    type: 'eu_bank_transfer',
    address: (holder) => ({
      type: 'iban',
      iban: {
        account_holder_name: holder,
        account_holder_address: BANK_ADDRESS,
        bank_address: BANK_ADDRESS,
        bic: 'SXPYDEHH',
        country: 'DE',
        iban: 'DE20202208000090076544',
      },
      supported_networks: ['sepa'],
    }),
  },
  gbp: {
    type: 'gb_bank_transfer',
    address: (holder) => ({
      type: 'sort_code',
      sort_code: {
        account_holder_name: holder,
        account_holder_address: BANK_ADDRESS,
        bank_address: BANK_ADDRESS,
        account_number: '12345678',
        sort_code: '200000',
      },
      supported_networks: ['bacs', 'fps'],
    }),
  },
};
const BANK_ADDRESS = {
  city: 'Hamburg',
  country: 'DE',
  line1: 'Testplatz 1',
  line2: null,
  postal_code: '20095',
  state: null,
};

/** Whether the account can offer `type` for this PaymentIntent: a bank transfer needs the customer whose balance it fills. */
export const isVoucherOffered = (type: string, { currency, customer }: PaymentIntent): boolean =>
  type !== 'customer_balance' || (customer !== null && currency in TRANSFERS);

/** Gives the shopper the voucher, or the account to transfer to; the PaymentIntent waits for the money (`requires_action`). */
export function handOut(simulation: Simulation, paymentIntent: PaymentIntent, method: PaymentMethod): PaymentIntent {
  if (paymentIntent.capture_method === 'manual') {
    throw refused(
      `The payment method type ${method.type} does not support manual capture.`,
      undefined,
      'capture_method',
    );
  }
  const days = VALID_DAYS[method.type] ?? null;
  const expiresAtMs = simulation.nowMs() + (days ?? 0) * DAY_MS;
  paymentIntent.status = 'requires_action';
  paymentIntent.next_action = nextActionOf(simulation, paymentIntent, method, Math.floor(expiresAtMs / 1000));
  if (days !== null) {
    const charge = newCharge(simulation, paymentIntent, method, {
      status: 'pending',
      isCaptured: true,
      isAuthenticated: false,
    });
    paymentIntent.latest_charge = charge.id;
    simulation.events.emit('charge.pending', charge);
    simulation.later(days * DAY_MS, () => {
      if (holdsVoucher(paymentIntent) && paymentIntent.latest_charge === charge.id)
        expireVoucher(simulation, paymentIntent);
    });
  }
  simulation.events.emit('payment_intent.requires_action', paymentIntent);
  payAsTold(simulation, paymentIntent, method);
  return paymentIntent;
}

/** Test mode reads in the shopper's e-mail address what becomes of a voucher; else it is paid after three minutes. */
function payAsTold(simulation: Simulation, paymentIntent: PaymentIntent, method: PaymentMethod): void {
  const name = method.billing_details.email?.split('@')[0] ?? '';
  if (name.endsWith('fill_never')) return;
  const action = paymentIntent.next_action;
  const after = (ms: number, work: () => unknown) =>
    simulation.later(ms, () => {
      if (paymentIntent.next_action === action && holdsVoucher(paymentIntent)) work();
    });
  const { voucherDelayMs } = simulation.settings;
  if (name.endsWith('succeed_immediately')) after(0, () => fund(simulation, paymentIntent));
  else if (name.endsWith('expire_immediately')) after(0, () => expireVoucher(simulation, paymentIntent));
  else if (voucherDelayMs !== null) {
    after(voucherDelayMs, () =>
      name.endsWith('expire_with_delay') ? expireVoucher(simulation, paymentIntent) : fund(simulation, paymentIntent),
    );
  }
}

/** Whether the shopper holds something to pay this PaymentIntent with. */
export const holdsVoucher = ({ status, next_action: action }: PaymentIntent): boolean =>
  status === 'requires_action' &&
  (action?.type === 'display_bank_transfer_instructions' || (action?.type ?? '').endsWith('_display_details'));

/**
 * The money comes: all that is missing, or `amount` of it (in the currency's minor units), which only a bank transfer can do.
 * Throws StripeApiError when nothing is waited for, or a voucher would be paid in part.
 */
export function fund(simulation: Simulation, paymentIntent: PaymentIntent, amount?: number): PaymentIntent {
  if (!holdsVoucher(paymentIntent)) {
    throw unexpectedState(
      paymentIntent,
      `This PaymentIntent has a status of ${paymentIntent.status} and waits for no money.`,
    );
  }
  const transfer = paymentIntent.next_action?.display_bank_transfer_instructions;
  const missing = transfer?.amount_remaining ?? paymentIntent.amount;
  if (amount !== undefined && amount < missing) {
    if (!transfer) throw refused('A voucher is paid whole.', undefined, 'amount');
    transfer.amount_remaining = missing - amount;
    simulation.events.emit('payment_intent.partially_funded', paymentIntent);
    return paymentIntent;
  }
  const method = findPaymentMethod(simulation, paymentIntent.payment_method ?? '', 'payment_method');
  const charge = transfer
    ? newCharge(simulation, paymentIntent, method, { status: 'succeeded', isCaptured: true, isAuthenticated: false })
    : pendingCharge(simulation, paymentIntent);
  if (!charge) throw unexpectedState(paymentIntent, 'This PaymentIntent has no pending charge.');
  charge.status = 'succeeded';
  charge.paid = true;
  charge.captured = true;
  charge.amount_captured = charge.amount;
  bookCapture(simulation, charge, charge.amount);
  paymentIntent.latest_charge = charge.id;
  paymentIntent.next_action = null;
  paymentIntent.status = 'succeeded';
  paymentIntent.amount_received = paymentIntent.amount;
  simulation.events.emit('charge.succeeded', charge);
  simulation.events.emit('payment_intent.succeeded', paymentIntent);
  return paymentIntent;
}

/** Nobody paid in time: the shopper may choose another way to pay. Throws StripeApiError when there is no voucher. */
export function expireVoucher(simulation: Simulation, paymentIntent: PaymentIntent): PaymentIntent {
  if (!holdsVoucher(paymentIntent)) {
    throw unexpectedState(
      paymentIntent,
      `This PaymentIntent has a status of ${paymentIntent.status} and no voucher to expire.`,
    );
  }
  const { payment_method: methodId } = paymentIntent;
  const method = methodId ? simulation.state.paymentMethods.get(methodId) : undefined;
  const charge = voidVoucher(simulation, paymentIntent);
  paymentIntent.status = 'requires_payment_method';
  paymentIntent.payment_method = null;
  paymentIntent.last_payment_error = {
    type: 'invalid_request_error',
    code: 'payment_intent_payment_attempt_expired',
    doc_url: 'https://stripe.com/docs/error-codes/payment-intent-payment-attempt-expired',
    ...(charge ? { charge: charge.id } : {}),
    message: 'The latest payment attempt of this PaymentIntent has expired.',
    ...(method ? { payment_method: structuredClone(method) } : {}),
  };
  simulation.events.emit('payment_intent.payment_failed', paymentIntent);
  return paymentIntent;
}

/** A voucher that can be paid no more, since it expired, or another way to pay was chosen, or the PaymentIntent is canceled. */
export function voidVoucher(simulation: Simulation, paymentIntent: PaymentIntent): Charge | undefined {
  const charge = pendingCharge(simulation, paymentIntent);
  paymentIntent.next_action = null;
  if (!charge) return undefined;
  charge.status = 'failed';
  charge.captured = false;
  charge.failure_code = 'payment_intent_payment_attempt_expired';
  charge.failure_message = 'The voucher was not paid in time.';
  simulation.events.emit('charge.failed', charge);
  return charge;
}

function pendingCharge(simulation: Simulation, { latest_charge: id }: PaymentIntent): Charge | undefined {
  const charge = id ? simulation.state.charges.get(id) : undefined;
  return charge?.status === 'pending' ? charge : undefined;
}

function nextActionOf(
  simulation: Simulation,
  paymentIntent: PaymentIntent,
  method: PaymentMethod,
  expiresAt: number,
): PaymentIntent['next_action'] {
  const url = `${simulation.url}/_sandbox/vouchers/${paymentIntent.id}`;
  const digits = (length: number): string =>
    Array.from({ length }, () => Math.floor(simulation.random() * 10)).join('');
  const lengths: Readonly<Record<string, number>> = { boleto: 47, konbini: 11, multibanco: 9, oxxo: 14 };
  const number = digits(lengths[method.type] ?? 0);
  switch (method.type) {
    case 'boleto':
      return {
        type: 'boleto_display_details',
        boleto_display_details: { expires_at: expiresAt, hosted_voucher_url: url, number, pdf: `${url}/pdf` },
      };
    case 'oxxo':
      return {
        type: 'oxxo_display_details',
        oxxo_display_details: { expires_after: expiresAt, hosted_voucher_url: url, number },
      };
    case 'multibanco':
      return {
        type: 'multibanco_display_details',
        multibanco_display_details: {
          entity: '12345',
          expires_at: expiresAt,
          hosted_voucher_url: url,
          reference: number,
        },
      };
    case 'konbini': {
      const store = { confirmation_number: digits(11), payment_code: number };
      return {
        type: 'konbini_display_details',
        konbini_display_details: {
          expires_at: expiresAt,
          hosted_voucher_url: url,
          stores: { familymart: store, lawson: store, ministop: store, seicomart: store },
        },
      };
    }
    default:
      return transferInstructions(paymentIntent, url, `SANDBOX${digits(6)}`);
  }
}

function transferInstructions(
  paymentIntent: PaymentIntent,
  url: string,
  reference: string,
): PaymentIntent['next_action'] {
  const transfer = TRANSFERS[paymentIntent.currency];
  if (!transfer || !paymentIntent.customer) {
    throw refused(
      'A PaymentIntent that is paid by bank transfer needs a customer and a currency in which the account takes transfers.',
      'parameter_missing',
      'customer',
    );
  }
  return {
    type: 'display_bank_transfer_instructions',
    display_bank_transfer_instructions: {
      amount_remaining: paymentIntent.amount,
      currency: paymentIntent.currency,
      financial_addresses: [transfer.address('Sandbox shop')] as never,
      hosted_instructions_url: url,
      reference,
      type: transfer.type,
    },
  };
}
