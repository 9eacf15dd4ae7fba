import * as z from 'zod';

export const settingsSchema = z
  .strictObject({
    settleDelayMs: z.number().int().min(0).max(86_400_000).nullable(),
    voucherDelayMs: z.number().int().min(0).max(86_400_000).nullable(),
    alsoOffers: z.array(z.string()),
    balanceDelayMs: z.number().int().min(0).max(86_400_000),
    releases: z.enum(['refund', 'movement', 'none']),
    searchLagMs: z.number().int().min(0).max(3_600_000),
    clickNeedsRates: z.boolean(),
  })
  .partial();

export const paySchema = z.strictObject({
  /** Card number; 4242 4242 4242 4242 when nothing is named. */
  card: z.string().optional(),
  iban: z.string().optional(),
  /** `pm_card_visa` or an id. */
  payment_method: z.string().optional(),
  /** A redirect method, such as `ideal`. */
  type: z.string().optional(),
  return_url: z.string().optional(),
  setup_future_usage: z.enum(['on_session', 'off_session']).optional(),
  /** What the shopper does when asked to authenticate; `none` leaves the payment waiting for it. */
  authentication: z.enum(['complete', 'fail', 'none']).default('complete'),
});
export type PayOptions = z.input<typeof paySchema>;

export const disputeSchema = z.strictObject({
  charge: z.string().optional(),
  payment_intent: z.string().optional(),
  amount: z.number().int().positive().optional(),
  status: z.string().optional(),
  reason: z.string().optional(),
  withdraw: z.boolean().optional(),
});
export const disputeChangeSchema = z.strictObject({
  status: z
    .enum([
      'needs_response',
      'under_review',
      'won',
      'lost',
      'warning_needs_response',
      'warning_under_review',
      'warning_closed',
      'prevented',
      'appeal_needs_response',
      'appeal_under_review',
    ])
    .optional(),
  withdraw: z.boolean().optional(),
  reinstate: z.boolean().optional(),
});
export const settleSchema = z.strictObject({ outcome: z.enum(['succeeded', 'failed']).default('succeeded') });
/** `amount` in minor units: a part of a bank transfer; absent: all that is missing. */
export const fundSchema = z.strictObject({ amount: z.number().int().positive().optional() });
export const clockSchema = z.strictObject({
  advanceMs: z
    .number()
    .int()
    .min(0)
    .max(366 * 86_400_000),
});
export const refundStatusSchema = z.strictObject({
  status: z.enum(['pending', 'requires_action', 'succeeded', 'failed', 'canceled']),
});
export const eventSchema = z.looseObject({
  type: z.string(),
  data: z.looseObject({ object: z.record(z.string(), z.unknown()) }),
});
