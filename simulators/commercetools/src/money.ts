/**
 * ISO 4217's minor units where they are not 2. Intl has the digits that people write instead: none for HUF, COP or MGA.
 */
const ISO_DIGITS: Readonly<Record<string, number>> = Object.fromEntries(
  Object.entries({
    0: 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF',
    3: 'BHD IQD JOD KWD LYD OMR TND',
    4: 'CLF UYW',
  }).flatMap(([digits, codes]) => codes.split(' ').map((code) => [code, Number(digits)])),
);

/** Minor-unit digits of an ISO 4217 currency, as in commercetools' `fractionDigits`. */
export const fractionDigitsOf = (currencyCode: string): number => ISO_DIGITS[currencyCode] ?? 2;

/** Intl has today's currencies and most of the past ones; Stripe still accepts the dobra of before 2018. */
const CURRENCIES: ReadonlySet<string> = new Set([...Intl.supportedValuesOf('currency'), 'STD']);
const REGIONS = new Intl.DisplayNames('en', { type: 'region', fallback: 'none' });

/** Whether ISO 4217 has, or had, the currency. */
export const isCurrency = (code: string): boolean => CURRENCIES.has(code);

/** Whether ISO 3166-1 has the country (two letters). */
export const isCountry = (code: string): boolean => /^[A-Z]{2}$/.test(code) && REGIONS.of(code) !== undefined;

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

/**
 * Sets `fractionDigits` of every centPrecision money inside `value`, in place, because commercetools-mock leaves 0 or
 * wrong ones.
 */
export function correctFractionDigits(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  if ('currencyCode' in value && 'fractionDigits' in value && (!('type' in value) || value.type === 'centPrecision')) {
    value.fractionDigits = fractionDigitsOf(String(value.currencyCode));
    return;
  }
  for (const inner of Object.values(value)) correctFractionDigits(inner);
}
