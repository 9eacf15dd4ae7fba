/** What is read of a refund of Stripe's; `balance_transaction` is an id or the object, `amount` in Stripe's minor units. */
interface RefundLike {
  readonly status?: string | null | undefined;
  readonly amount: number;
  readonly balance_transaction?: unknown;
}

/**
 * Whether a refund is none: Stripe shows money that was authorised and let go of as a succeeded refund, though none moved. It has no
 * balance transaction and is at most what the charge did not capture (`uncaptured`, in Stripe's minor units).
 */
export const isRelease = ({ status, amount, balance_transaction: movement }: RefundLike, uncaptured: number): boolean =>
  status === 'succeeded' && !movement && amount <= uncaptured;
