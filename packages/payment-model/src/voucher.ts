/** Next actions of Stripe that leave the shopper with something to pay with later: a voucher, a reference, bank details. */
const HELD_BY_SHOPPER = new Set([
  'boleto_display_details',
  'display_bank_transfer_instructions',
  'konbini_display_details',
  'multibanco_display_details',
  'oxxo_display_details',
]);

/**
 * Whether a PaymentIntent waits for money that the shopper has been told how to bring (`requires_action` with a voucher or a bank
 * transfer): the shopper has done all there is to do on the page, so it is pending, for days perhaps.
 */
export const waitsForVoucher = ({
  status,
  next_action: action,
}: {
  readonly status: string;
  readonly next_action?: { readonly type: string } | null;
}): boolean => status === 'requires_action' && HELD_BY_SHOPPER.has(action?.type ?? '');
