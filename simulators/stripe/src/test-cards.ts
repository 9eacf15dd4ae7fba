import { invalidParameter, StripeApiError } from './errors.ts';

/** Why an issuer, or Stripe, refuses a card. */
export interface Decline {
  code: string;
  declineCode?: string;
  message: string;
  param?: string;
  /** Refused by Stripe's Radar before the issuer saw it. */
  isBlocked?: boolean;
}

/** How a test payment method of Stripe's documentation behaves; everything absent is the plain success. */
export interface CardBehaviour {
  decline?: Decline;
  /** `always`: at each payment; `unless_set_up`: not off-session once it was saved for that; off-session it is a decline. */
  threeDSecure?: 'always' | 'unless_set_up';
  dispute?: 'fraudulent' | 'inquiry' | 'product_not_received';
  /** `pending`: settles later; `fails`: succeeds, and fails later. */
  refund?: 'pending' | 'fails';
  /** Of a payment method that settles later; `manually` waits for a control call. */
  settles?: 'succeeded' | 'failed';
}

interface TestCard extends CardBehaviour {
  aliases?: readonly string[];
  brand?: string;
  country?: string;
  funding?: 'credit' | 'debit' | 'prepaid';
}

const declined = (declineCode: string, message = 'Your card was declined.'): Decline => ({
  code: 'card_declined',
  declineCode,
  message,
});
const INSUFFICIENT_FUNDS = declined('insufficient_funds', 'Your card has insufficient funds.');
export const AUTHENTICATION_REQUIRED: Decline = {
  code: 'authentication_required',
  declineCode: 'authentication_required',
  message: 'Your card was declined. This transaction requires authentication.',
};
const LIVE_CARD = declined(
  'test_mode_live_card',
  'Your card was declined. Your request was in test mode, but used a non test (live) card. For a list of valid test cards, visit: https://stripe.com/docs/testing.',
);

/** Stripe's published test cards. */
const TEST_CARDS: Readonly<Record<string, TestCard>> = {
  '4242424242424242': { aliases: ['pm_card_visa'] },
  '4000056655665556': { aliases: ['pm_card_visa_debit'], funding: 'debit' },
  '5555555555554444': { aliases: ['pm_card_mastercard'], brand: 'mastercard' },
  '2223003122003222': { brand: 'mastercard' },
  '5200828282828210': { aliases: ['pm_card_mastercard_debit'], brand: 'mastercard', funding: 'debit' },
  '5105105105105100': { aliases: ['pm_card_mastercard_prepaid'], brand: 'mastercard', funding: 'prepaid' },
  '378282246310005': { aliases: ['pm_card_amex'], brand: 'amex' },
  '371449635398431': { brand: 'amex' },
  '6011111111111117': { aliases: ['pm_card_discover'], brand: 'discover' },
  '3056930009020004': { aliases: ['pm_card_diners'], brand: 'diners' },
  '3566002020360505': { aliases: ['pm_card_jcb'], brand: 'jcb' },
  '6200000000000005': { aliases: ['pm_card_unionpay'], brand: 'unionpay' },
  '4000002760000016': { aliases: ['pm_card_de'], country: 'DE' },
  '4000002500000003': { aliases: ['pm_card_fr'], country: 'FR' },
  '4000008260000000': { aliases: ['pm_card_gb'], country: 'GB' },
  '4000000000000077': { aliases: ['pm_card_bypassPending'] },
  '4000003720000278': { country: 'IE' },
  '4000000000000002': { aliases: ['pm_card_chargeDeclined'], decline: declined('generic_decline') },
  '4000000000009995': { aliases: ['pm_card_chargeDeclinedInsufficientFunds'], decline: INSUFFICIENT_FUNDS },
  '4000000000009987': { aliases: ['pm_card_chargeDeclinedLostCard'], decline: declined('lost_card') },
  '4000000000009979': { aliases: ['pm_card_chargeDeclinedStolenCard'], decline: declined('stolen_card') },
  '4000000000000069': {
    aliases: ['pm_card_chargeDeclinedExpiredCard'],
    decline: {
      code: 'expired_card',
      declineCode: 'expired_card',
      message: 'Your card has expired.',
      param: 'exp_month',
    },
  },
  '4000000000000127': {
    aliases: ['pm_card_chargeDeclinedIncorrectCvc'],
    decline: {
      code: 'incorrect_cvc',
      declineCode: 'incorrect_cvc',
      message: "Your card's security code is incorrect.",
      param: 'cvc',
    },
  },
  '4000000000000101': {
    decline: {
      code: 'incorrect_cvc',
      declineCode: 'incorrect_cvc',
      message: "Your card's security code is incorrect.",
      param: 'cvc',
    },
  },
  '4000000000000119': {
    aliases: ['pm_card_chargeDeclinedProcessingError'],
    decline: {
      code: 'processing_error',
      declineCode: 'processing_error',
      message: 'An error occurred while processing your card. Try again in a little bit.',
    },
  },
  '4000000000006975': {
    aliases: ['pm_card_chargeDeclinedVelocityLimitExceeded'],
    decline: declined(
      'card_velocity_exceeded',
      'Your card was declined for making repeated attempts too frequently or exceeding its amount limit.',
    ),
  },
  '4000000000000341': { aliases: ['pm_card_chargeCustomerFail'], decline: declined('generic_decline') },
  '4100000000000019': {
    aliases: ['pm_card_radarBlock'],
    decline: { ...declined('fraudulent'), isBlocked: true },
  },
  '4000000000009235': {},
  '4000000000003055': { aliases: ['pm_card_threeDSecureOptional'] },
  '4000000000003220': { aliases: ['pm_card_threeDSecure2Required'], threeDSecure: 'always' },
  '4000000000003063': { aliases: ['pm_card_threeDSecureRequired'], threeDSecure: 'always' },
  '4000002500003155': { aliases: ['pm_card_authenticationRequiredOnSetup'], threeDSecure: 'unless_set_up' },
  '4000002760003184': { aliases: ['pm_card_authenticationRequired'], threeDSecure: 'always' },
  '4000003800000446': { aliases: ['pm_card_authenticationRequiredSetupForOffSession'], threeDSecure: 'unless_set_up' },
  '4000008400001629': {
    aliases: ['pm_card_threeDSecureRequiredChargeDeclined'],
    threeDSecure: 'always',
    decline: declined('generic_decline'),
  },
  '4000008260003178': {
    aliases: ['pm_card_authenticationRequiredChargeDeclinedInsufficientFunds'],
    threeDSecure: 'always',
    decline: INSUFFICIENT_FUNDS,
  },
  '4000000000000259': { aliases: ['pm_card_createDispute'], dispute: 'fraudulent' },
  '4000000000002685': { aliases: ['pm_card_createDisputeProductNotReceived'], dispute: 'product_not_received' },
  '4000000000001976': { aliases: ['pm_card_createDisputeInquiry'], dispute: 'inquiry' },
  '4000000000007726': { aliases: ['pm_card_pendingRefund'], refund: 'pending' },
  '4000000000005126': { aliases: ['pm_card_refundFail'], refund: 'fails' },
};

interface TestIban extends CardBehaviour {
  aliases?: readonly string[];
}

/** Stripe's published test IBANs; any other valid IBAN settles as succeeded. */
const TEST_IBANS: Readonly<Record<string, TestIban>> = {
  AT611904300234573201: { aliases: ['pm_success_at'], settles: 'succeeded' },
  AT321904300235473204: { aliases: ['pm_successDelayed_at'], settles: 'succeeded' },
  AT861904300235473202: { aliases: ['pm_failed_at'], settles: 'failed' },
  AT051904300235473205: { aliases: ['pm_failedDelayed_at'], settles: 'failed' },
  AT591904300235473203: { aliases: ['pm_disputed_at'], settles: 'succeeded', dispute: 'fraudulent' },
  DE89370400440532013000: { aliases: ['pm_success_de'], settles: 'succeeded' },
  DE08370400440532013003: { aliases: ['pm_successDelayed_de'], settles: 'succeeded' },
  DE62370400440532013001: { aliases: ['pm_failed_de'], settles: 'failed' },
  DE78370400440532013004: { aliases: ['pm_failedDelayed_de'], settles: 'failed' },
  DE35370400440532013002: { aliases: ['pm_disputed_de'], settles: 'succeeded', dispute: 'fraudulent' },
};

interface Alias {
  type: 'card' | 'sepa_debit';
  number: string;
}

/** `pm_card_visa` and the like → card number or IBAN; `pm_card_visa_chargeDeclined…` is the same as `pm_card_chargeDeclined…`. */
export const ALIASES: ReadonlyMap<string, Alias> = new Map<string, Alias>([
  ...Object.entries(TEST_CARDS).flatMap(([number, { aliases = [] }]) =>
    aliases.flatMap((alias) => [
      [alias, { type: 'card' as const, number }] as const,
      [alias.replace('pm_card_charge', 'pm_card_visa_charge'), { type: 'card' as const, number }] as const,
    ]),
  ),
  ...Object.entries(TEST_IBANS).flatMap(([number, { aliases = [] }]) =>
    aliases.map((alias) => [alias, { type: 'sepa_debit' as const, number }] as const),
  ),
]);

export const behaviourOfCard = (number: string): CardBehaviour => {
  const card = TEST_CARDS[number];
  if (!card) return { decline: LIVE_CARD };
  const { aliases: _aliases, brand: _brand, country: _country, funding: _funding, ...behaviour } = card;
  return behaviour;
};

export const behaviourOfIban = (iban: string): CardBehaviour => {
  const { aliases: _aliases, ...behaviour } = TEST_IBANS[iban] ?? { settles: 'succeeded' };
  return behaviour;
};

export function cardFacts(number: string): { brand: string; country: string; funding: string } {
  const card = TEST_CARDS[number];
  return { brand: card?.brand ?? 'visa', country: card?.country ?? 'US', funding: card?.funding ?? 'credit' };
}

const cardError = (code: string, message: string, param: string): StripeApiError =>
  new StripeApiError(402, { type: 'card_error', code, message, param });

/** Refuses what Stripe refuses before any bank is asked. `year` is the current one, `month` 1 to 12. */
export function checkCard(
  card: { number: string; expMonth: number; expYear: number; cvc: string | undefined },
  today: { year: number; month: number },
): void {
  if (!/^\d{12,19}$/.test(card.number)) {
    throw cardError('invalid_number', 'The card number is not a valid credit card number.', 'number');
  }
  if (!passesLuhn(card.number)) throw cardError('incorrect_number', 'Your card number is incorrect.', 'number');
  if (card.expMonth < 1 || card.expMonth > 12) {
    throw cardError('invalid_expiry_month', "Your card's expiration month is invalid.", 'exp_month');
  }
  if (card.expYear < today.year || card.expYear > today.year + 50) {
    throw cardError('invalid_expiry_year', "Your card's expiration year is invalid.", 'exp_year');
  }
  if (card.expYear === today.year && card.expMonth < today.month) {
    throw cardError('invalid_expiry_month', "Your card's expiration month is invalid.", 'exp_month');
  }
  if (card.cvc !== undefined && !/^\d{3,4}$/.test(card.cvc)) {
    throw cardError('invalid_cvc', "Your card's security code is invalid.", 'cvc');
  }
}

function passesLuhn(number: string): boolean {
  let sum = 0;
  for (let i = 0; i < number.length; i += 1) {
    let digit = Number(number[number.length - 1 - i]);
    if (i % 2 === 1) digit = digit * 2 > 9 ? digit * 2 - 9 : digit * 2;
    sum += digit;
  }
  return sum % 10 === 0;
}

export function checkIban(iban: string): void {
  const rearranged = iban.slice(4) + iban.slice(0, 4);
  const digits = rearranged.replace(/[A-Z]/g, (letter) => String(letter.charCodeAt(0) - 55));
  const isValid = /^[A-Z]{2}\d{2}[A-Z0-9]{11,30}$/.test(iban) && BigInt(digits) % 97n === 1n;
  if (!isValid) {
    throw invalidParameter('sepa_debit[iban]', 'The IBAN you provided is invalid.', 'invalid_bank_account_iban');
  }
}
