/** A commercetools amount: `centAmount` counts the smallest unit that `fractionDigits` defines. */
export interface Money {
  readonly centAmount: number;
  readonly currencyCode: string;
  readonly fractionDigits: number;
}

/** An amount that Stripe's units or rules cannot express. The caller sent the amount and has to change it. */
export class InexpressibleAmountError extends Error {
  override readonly name = 'InexpressibleAmountError';
}

const ZERO_DECIMAL = new Set('BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF'.split(' '));
const THREE_DECIMAL = new Set('BHD JOD KWD OMR TND'.split(' '));
/** Stripe counts these in hundredths, but accepts whole units only. */
const WHOLE_UNITS_IN_HUNDREDTHS = new Set(['ISK', 'UGX']);

/** Digits after the point in Stripe's minor units: 0 for Stripe's zero-decimal currencies, 3 for its three-decimal ones, else 2. */
export function stripeExponent(currencyCode: string): number {
  const code = currencyCode.toUpperCase();
  if (ZERO_DECIMAL.has(code)) return 0;
  return THREE_DECIMAL.has(code) ? 3 : 2;
}

/**
 * commercetools money to Stripe minor units: centAmount × 10^(exponent − fractionDigits), in integers.
 * Throws InexpressibleAmountError instead of rounding: for a fraction of Stripe's unit, a three-decimal amount that does not end
 * in 0, and ISK or UGX that are not whole units.
 */
export function toStripeAmount({ centAmount, currencyCode, fractionDigits }: Money): number {
  const amount = shift(centAmount, stripeExponent(currencyCode) - fractionDigits, currencyCode);
  refuseUnlessAccepted(amount, currencyCode.toUpperCase());
  return amount;
}

/**
 * Stripe minor units to commercetools money with `fractionDigits`, those of the payment's or cart's currency. Throws
 * the errors of `toStripeAmount`.
 */
export function fromStripeAmount(amount: number, currencyCode: string, fractionDigits: number): Money {
  const code = currencyCode.toUpperCase();
  return { centAmount: shift(amount, fractionDigits - stripeExponent(code), code), currencyCode: code, fractionDigits };
}

const ISO_DIGITS: Readonly<Record<string, readonly string[]>> = {
  0: 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF'.split(' '),
  3: 'BHD IQD JOD KWD LYD OMR TND'.split(' '),
  4: 'CLF UYW'.split(' '),
};

/**
 * commercetools' default digits of a currency: the minor unit of ISO 4217. For places that have no commercetools money
 * of the currency. Intl is no source: it has the digits that people write, none for HUF or IDR.
 */
export function defaultFractionDigits(currencyCode: string): number {
  const code = currencyCode.toUpperCase();
  const listed = Object.entries(ISO_DIGITS).find(([, codes]) => codes.includes(code));
  return listed ? Number(listed[0]) : 2;
}

/** Whether two amounts are the same money, even if the two sides count in different units. */
export function sameMoney(a: Money, b: Money): boolean {
  if (a.currencyCode.toUpperCase() !== b.currencyCode.toUpperCase()) return false;
  const digits = Math.max(a.fractionDigits, b.fractionDigits);
  return (
    shift(a.centAmount, digits - a.fractionDigits, a.currencyCode) ===
    shift(b.centAmount, digits - b.fractionDigits, b.currencyCode)
  );
}

function shift(amount: number, digits: number, currencyCode: string): number {
  if (!Number.isSafeInteger(amount))
    throw new InexpressibleAmountError(`${amount} ${currencyCode} is not a whole number`);
  const factor = 10 ** Math.abs(digits);
  if (digits >= 0) {
    const result = amount * factor;
    if (!Number.isSafeInteger(result)) throw new InexpressibleAmountError(`${amount} ${currencyCode} is too large`);
    return result;
  }
  if (amount % factor !== 0) {
    throw new InexpressibleAmountError(`${amount} ${currencyCode} has digits that the other side cannot express`);
  }
  return amount / factor;
}

function refuseUnlessAccepted(amount: number, code: string): void {
  if (THREE_DECIMAL.has(code) && amount % 10 !== 0) {
    throw new InexpressibleAmountError(`Stripe takes ${code} amounts that end in 0 only`);
  }
  if (WHOLE_UNITS_IN_HUNDREDTHS.has(code) && amount % 100 !== 0) {
    throw new InexpressibleAmountError(`Stripe takes whole units of ${code} only`);
  }
}
