/** What is read of a refund of Stripe's; `amount` in Stripe's minor units. */
interface RefundLike {
  readonly status?: string | null | undefined;
  readonly amount: number;
  /** The movement's id or, asked for with the refund, the movement. */
  readonly balance_transaction?:
    | string
    | { readonly reporting_category?: string | null | undefined }
    | null
    | undefined;
}

/** Stripe's grouping of the movements that take back what was authorised and not captured. */
const CATEGORY = 'partial_capture_reversal';

/**
 * Whether a refund is none: Stripe shows money that was authorised and let go of as a succeeded refund, of at most what the charge did not
 * capture (`uncaptured`, in Stripe's minor units). No money was given back: it has no balance transaction, or one of a category of its own, beside
 * one over all that was authorised (https://docs.stripe.com/reports/reporting-categories). The latter is known only when it was asked for.
 */
export function isRelease({ status, amount, balance_transaction: movement }: RefundLike, uncaptured: number): boolean {
  if (status !== 'succeeded' || amount > uncaptured) return false;
  return !movement || (typeof movement === 'object' && movement.reporting_category === CATEGORY);
}
