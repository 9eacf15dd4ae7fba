/** Stripe's next actions that give the shopper something to pay with later: a voucher, a reference, bank details. */
const HELD_BY_SHOPPER = new Set([
  'boleto_display_details',
  'display_bank_transfer_instructions',
  'konbini_display_details',
  'multibanco_display_details',
  'oxxo_display_details',
]);

/**
 * Whether a PaymentIntent waits for money that the shopper will send (`requires_action` with a voucher or a bank
 * transfer). The shopper has nothing left to do on the page, so the payment is pending, perhaps for days.
 */
export const waitsForVoucher = ({
  status,
  next_action: action,
}: {
  readonly status: string;
  readonly next_action?: { readonly type: string } | null;
}): boolean => status === 'requires_action' && HELD_BY_SHOPPER.has(action?.type ?? '');
