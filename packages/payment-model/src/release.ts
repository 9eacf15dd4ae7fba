/** The fields of a Stripe refund that are read; `amount` in Stripe minor units. */
interface RefundLike {
  readonly status?: string | null | undefined;
  readonly amount: number;
  /** The balance transaction's id or, if expanded, the balance transaction. */
  readonly balance_transaction?:
    | string
    | { readonly reporting_category?: string | null | undefined }
    | null
    | undefined;
}

/** Stripe's reporting category for amounts that were authorised and not captured. */
const CATEGORY = 'partial_capture_reversal';

/**
 * Whether a refund is only a release. Stripe shows money that was authorised and released as a succeeded refund, of at
 * most what the charge did not capture (`uncaptured`, in Stripe minor units). No money was returned: such a refund has
 * no balance transaction, or one of a category of its own, beside one for the whole authorised amount
 * (https://docs.stripe.com/reports/reporting-categories). The category is known only if the balance transaction was
 * expanded.
 */
export function isRelease({ status, amount, balance_transaction: movement }: RefundLike, uncaptured: number): boolean {
  if (status !== 'succeeded' || amount > uncaptured) return false;
  return !movement || (typeof movement === 'object' && movement.reporting_category === CATEGORY);
}
