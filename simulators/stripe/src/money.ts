import { invalidParameter } from './errors.ts';

const ZERO_DECIMAL = new Set('bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf'.split(' '));
/** Counted in hundredths, charged in whole units only. */
const WHOLE_UNITS = new Set(['isk', 'ugx']);
const THREE_DECIMAL = new Set(['bhd', 'jod', 'kwd', 'omr', 'tnd']);
/** Every currency in which Stripe takes payments, in lower case. */
export const CURRENCIES: ReadonlySet<string> = new Set(
  `usd aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bhd bif bmd bnd bob brl bsd bwp byn bzd cad cdf chf clp cny cop crc cve czk djf dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd gnf gtq gyd hkd hnl hrk htg huf idr ils inr isk jmd jod jpy kes kgs khr kmf krw kwd kyd kzt lak lbp lkr lrd lsl mad mdl mga mkd mmk mnt mop mur mvr mwk mxn myr mzn nad ngn nio nok npr nzd omr pab pen pgk php pkr pln pyg qar ron rsd rub rwf sar sbd scr sek sgd shp sle sos srd std szl thb tjs tnd top try ttd twd tzs uah ugx uyu uzs vnd vuv wst xaf xcd xof xpf yer zar zmw`.split(
    /\s+/,
  ),
);
/** Smallest charge in minor units, for the currencies where Stripe states one of its own. */
const MINIMUM: Record<string, number> = {
  gbp: 30,
  bgn: 100,
  jpy: 50,
  czk: 1500,
  dkk: 250,
  hkd: 400,
  huf: 17_500,
  mxn: 1000,
  nok: 300,
  pln: 200,
  ron: 200,
  sek: 300,
  thb: 1000,
  inr: 50,
  myr: 200,
  aed: 200,
};
const MAXIMUM = 99_999_999;

/** The account settles in this currency; other currencies are exchanged at a fixed rate. */
export const SETTLEMENT_CURRENCY = 'eur';
const EXCHANGE_RATE = 0.9;

/** Digits after the point in Stripe's amounts of this currency. */
export const exponentOf = (currency: string): number =>
  ZERO_DECIMAL.has(currency) ? 0 : THREE_DECIMAL.has(currency) ? 3 : 2;

/** `€12.00`-like text, as Stripe's messages write money. */
export function display(amount: number, currency: string): string {
  const exponent = exponentOf(currency);
  const symbol = { usd: '$', eur: '€', gbp: '£', jpy: '¥' }[currency];
  const text = (amount / 10 ** exponent).toFixed(exponent);
  return symbol ? `${symbol}${text}` : `${text} ${currency.toUpperCase()}`;
}

/** Lower-cased, or an error when Stripe has no such currency. */
export function parseCurrency(currency: string): string {
  const lower = currency.toLowerCase();
  if (!CURRENCIES.has(lower)) {
    throw invalidParameter(
      'currency',
      `Invalid currency: ${currency}. Stripe currently supports these currencies: ${[...CURRENCIES].join(', ')}`,
    );
  }
  return lower;
}

export function checkAmount(amount: number, currency: string, param = 'amount'): void {
  if (amount < 1) {
    throw invalidParameter(
      param,
      `This value must be greater than or equal to 1 (it currently is '${amount}').`,
      'parameter_invalid_integer',
    );
  }
  const minimum = MINIMUM[currency] ?? (exponentOf(currency) === 2 ? 50 : 1);
  if (amount < minimum) {
    throw invalidParameter(
      param,
      `Amount must be at least ${display(minimum, currency)} ${currency}`,
      'amount_too_small',
    );
  }
  if (amount > MAXIMUM) {
    throw invalidParameter(
      param,
      `Amount must be no more than ${display(MAXIMUM, currency)} ${currency}`,
      'amount_too_large',
    );
  }
  if (exponentOf(currency) === 3 && amount % 10 !== 0) {
    throw invalidParameter(param, `Amounts in ${currency.toUpperCase()} must end in 0.`, 'parameter_invalid_integer');
  }
  if (WHOLE_UNITS.has(currency) && amount % 100 !== 0) {
    throw invalidParameter(
      param,
      `Amounts in ${currency.toUpperCase()} must be divisible by 100.`,
      'parameter_invalid_integer',
    );
  }
}

/** An amount of a charge's currency in the currency that the account settles in. */
export function toSettlement(amount: number, currency: string): { amount: number; rate: number | null } {
  if (currency === SETTLEMENT_CURRENCY) return { amount, rate: null };
  const rate = EXCHANGE_RATE * 10 ** (2 - exponentOf(currency));
  return { amount: Math.round(amount * rate), rate };
}
