import { expect, it } from 'vitest';
import { waitsForVoucher } from './voucher.ts';

it.each([
  ['a Multibanco reference', 'requires_action', 'multibanco_display_details', true],
  ['a Boleto', 'requires_action', 'boleto_display_details', true],
  ['an OXXO voucher', 'requires_action', 'oxxo_display_details', true],
  ['a Konbini code', 'requires_action', 'konbini_display_details', true],
  ['bank details for a transfer', 'requires_action', 'display_bank_transfer_instructions', true],
  ['3-D Secure', 'requires_action', 'use_stripe_sdk', false],
  ['a bank page', 'requires_action', 'redirect_to_url', false],
  ['Blik', 'requires_action', 'blik_authorize', false],
  ['a voucher that has expired', 'requires_payment_method', 'oxxo_display_details', false],
  ['an action that is not a payment for later', 'requires_action', undefined, false],
])('%s: %s %s', (_what, status, type, expected) => {
  expect(waitsForVoucher({ status, next_action: type ? { type } : null })).toBe(expected);
});
