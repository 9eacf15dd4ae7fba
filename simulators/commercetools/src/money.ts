const digitsByCurrency = new Map<string, number>();

/** Minor-unit digits of an ISO 4217 currency, as commercetools answers them in `fractionDigits`. */
export function fractionDigitsOf(currencyCode: string): number {
  let digits = digitsByCurrency.get(currencyCode);
  if (digits === undefined) {
    const format = new Intl.NumberFormat('en', { style: 'currency', currency: currencyCode });
    digits = format.resolvedOptions().maximumFractionDigits ?? 2;
    digitsByCurrency.set(currencyCode, digits);
  }
  return digits;
}

export interface CentPrecisionMoney {
  type: 'centPrecision';
  currencyCode: string;
  centAmount: number;
  fractionDigits: number;
}

export const centPrecision = (money: { centAmount: number; currencyCode: string }): CentPrecisionMoney => ({
  type: 'centPrecision',
  currencyCode: money.currencyCode,
  centAmount: money.centAmount,
  fractionDigits: fractionDigitsOf(money.currencyCode),
});

/** Sets `fractionDigits` of every centPrecision money inside `value`, in place: commercetools-mock leaves 0 or wrong ones. */
export function correctFractionDigits(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  if ('currencyCode' in value && 'fractionDigits' in value && (!('type' in value) || value.type === 'centPrecision')) {
    value.fractionDigits = fractionDigitsOf(String(value.currencyCode));
    return;
  }
  for (const inner of Object.values(value)) correctFractionDigits(inner);
}
