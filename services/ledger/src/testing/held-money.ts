import type { HeldMoney } from '../domain/unordered.ts';

/** 100.00 EUR that were charged, as Stripe holds them. */
export const CHARGED: HeldMoney = {
  status: 'succeeded',
  currency: 'eur',
  amount: 10_000,
  captured: 10_000,
  refunded: 0,
  isDisputed: false,
};
/** 100.00 EUR that are held for a capture. */
export const AUTHORIZED: HeldMoney = { ...CHARGED, status: 'requires_capture', captured: 0 };
