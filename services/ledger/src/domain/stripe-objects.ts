import * as z from 'zod';

/** The fields of Stripe's objects that decisions use; other fields are ignored. */

export const reference = z
  .union([z.string(), z.looseObject({ id: z.string() })])
  .nullish()
  .transform((value) => (typeof value === 'object' ? value?.id : value) || undefined);

const metadata = z.record(z.string(), z.string()).nullish();

/** Stripe's statuses. A status that Stripe adds later is handled as "waiting for the shopper". */
export const paymentIntentSchema = z.looseObject({
  id: z.string(),
  object: z.literal('payment_intent'),
  status: z.string(),
  /** Stripe minor units, like all amounts here. */
  amount: z.int(),
  amount_received: z.int().nullish(),
  currency: z.string(),
  created: z.int(),
  latest_charge: reference,
  /** API versions before 2022-11-15 have the charges here, the newest first, and no `latest_charge`. */
  charges: z.looseObject({ data: z.array(z.looseObject({ id: z.string() })) }).nullish(),
  payment_method: reference,
  customer: reference,
  metadata,
  payment_method_types: z.array(z.string()).nullish(),
  payment_method_options: z
    .looseObject({ card: z.looseObject({ request_incremental_authorization: z.string().nullish() }).nullish() })
    .nullish(),
  next_action: z
    .looseObject({
      type: z.string(),
      display_bank_transfer_instructions: z.looseObject({ amount_remaining: z.int().nullish() }).nullish(),
    })
    .nullish(),
  last_payment_error: z
    .looseObject({ code: z.string().nullish(), decline_code: z.string().nullish(), message: z.string().nullish() })
    .nullish(),
});
export type PaymentIntentObject = z.output<typeof paymentIntentSchema>;

/** Whether an authorisation that can be incremented was requested. */
export const isRaisable = ({ payment_method_options: options }: PaymentIntentObject): boolean =>
  options?.card?.request_incremental_authorization === 'if_available';

/** The amount planned: everything authorised, plus what was captured beyond that. Stripe minor units. */
export const plannedOf = ({ amount, amount_received: received }: PaymentIntentObject): number =>
  Math.max(amount, received ?? 0);

/** What the shopper gets while Stripe waits for the money: a voucher to pay, or an account to transfer to. */
const HELD_BY_SHOPPER = new Set([
  'boleto_display_details',
  'display_bank_transfer_instructions',
  'konbini_display_details',
  'multibanco_display_details',
  'oxxo_display_details',
]);

/**
 * Whether the money is on its way: Stripe is processing it, or the shopper has a voucher or account to pay with in the
 * next days.
 */
export const isUnderWay = ({ status, next_action: action }: PaymentIntentObject): boolean =>
  status === 'processing' || (status === 'requires_action' && HELD_BY_SHOPPER.has(action?.type ?? ''));

/** Methods with a voucher or an account to pay to. */
const VOUCHER_TYPES = new Set(['boleto', 'customer_balance', 'konbini', 'multibanco', 'oxxo']);

/** Whether the shopper may have had a voucher before; it becomes void when another method is chosen. */
export const mayHaveHadVoucher = ({ payment_method_types: types }: PaymentIntentObject): boolean =>
  types?.some((type) => VOUCHER_TYPES.has(type)) ?? false;

/** The amount still missing of a bank transfer in parts. */
export const amountRemainingOf = ({ next_action: action }: PaymentIntentObject): number | undefined =>
  action?.display_bank_transfer_instructions?.amount_remaining ?? undefined;

/** The id of a PaymentIntent's last charge, for any API version. */
export const latestChargeOf = ({ latest_charge: latest, charges }: PaymentIntentObject): string | undefined =>
  latest ?? charges?.data[0]?.id;

/** Details of a single-use method, which may create a SEPA direct debit for the same account. */
const debitLeaving = z.looseObject({ generated_sepa_debit: reference }).nullish();

export const chargeSchema = z.looseObject({
  id: z.string(),
  object: z.literal('charge'),
  status: z.string(),
  amount: z.int(),
  amount_captured: z.int().nullish(),
  captured: z.boolean(),
  currency: z.string(),
  created: z.int(),
  payment_intent: reference,
  payment_method: reference,
  customer: reference,
  metadata,
  payment_method_details: z
    .looseObject({
      type: z.string(),
      card: z
        .looseObject({
          capture_before: z.int().nullish(),
          incremental_authorization: z.looseObject({ status: z.string().nullish() }).nullish(),
          overcapture: z
            .looseObject({ status: z.string().nullish(), maximum_amount_capturable: z.int().nullish() })
            .nullish(),
        })
        .nullish(),
      ideal: debitLeaving,
      bancontact: debitLeaving,
      sofort: debitLeaving,
    })
    .nullish(),
});
export type ChargeObject = z.output<typeof chargeSchema>;

/** Whether the card's authorisation can be incremented. */
export const isRaisableCharge = ({ payment_method_details: details }: ChargeObject): boolean =>
  details?.card?.incremental_authorization?.status === 'available';

/** The SEPA direct debit that a single-use method created for later payments. */
export const generatedDebitOf = ({ payment_method_details: details }: ChargeObject): string | undefined =>
  details?.ideal?.generated_sepa_debit ??
  details?.bancontact?.generated_sepa_debit ??
  details?.sofort?.generated_sepa_debit;

export const refundSchema = z.looseObject({
  id: z.string(),
  object: z.literal('refund'),
  amount: z.int(),
  currency: z.string(),
  created: z.int(),
  status: z.string().nullish(),
  charge: reference,
  payment_intent: reference,
  /** Absent when no money has moved. The expanded object where expansion was requested, else its id. */
  balance_transaction: z
    .union([z.string(), z.looseObject({ id: z.string(), reporting_category: z.string().nullish() })])
    .nullish(),
  metadata,
});
export type RefundObject = z.output<typeof refundSchema>;

export const disputeSchema = z.looseObject({
  id: z.string(),
  object: z.literal('dispute'),
  amount: z.int(),
  currency: z.string(),
  created: z.int(),
  status: z.string(),
  charge: reference,
  payment_intent: reference,
  balance_transactions: z.array(z.looseObject({ amount: z.int(), created: z.int().nullish() })).nullish(),
});
export type DisputeObject = z.output<typeof disputeSchema>;

/** Why somebody should look at a payment: Radar's review, or a card network's early fraud warning. */
export const suspicionSchema = z.looseObject({
  id: z.string(),
  object: z.enum(['review', 'radar.early_fraud_warning']),
  charge: reference,
  payment_intent: reference,
  /** Of a review. */
  reason: z.string().nullish(),
  closed_reason: z.string().nullish(),
  open: z.boolean().nullish(),
  /** Of a warning. */
  fraud_type: z.string().nullish(),
  actionable: z.boolean().nullish(),
});
export type SuspicionObject = z.output<typeof suspicionSchema>;

/** A Stripe event around one of the objects above. */
export const stripeEventSchema = z.looseObject({
  id: z.string(),
  type: z.string(),
  created: z.int(),
  livemode: z.boolean(),
  /** Only from a Connect endpoint: the connected account of the event. */
  account: z.string().nullish(),
  data: z.looseObject({ object: z.looseObject({ object: z.string() }) }),
});
