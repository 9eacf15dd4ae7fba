import { randomOf } from '@connector/load-tests/random';

/** Who requests it: the merchant's backend through the connector, or a person in Stripe's dashboard. */
export type Asker = 'connector' | 'dashboard';

export const PAYING = {
  card: 50,
  'card-3ds': 8,
  'declined-then-card': 10,
  'bank-debit': 10,
  'bank-debit-returned': 4,
  declined: 4,
  'walks-away': 6,
} as const;
export type Paying = keyof typeof PAYING;

export const CAPTURING = {
  full: 40,
  partial: 20,
  several: 20,
  'several-then-cancel': 8,
  cancel: 10,
  'left-open': 4,
} as const;
export type Capturing = keyof typeof CAPTURING;

export const DISPUTING = { won: 3, lost: 3, open: 1, 'inquiry-closed': 2, 'inquiry-lost': 2 } as const;
export type Disputing = keyof typeof DISPUTING;

/** The course of one payment, from the cart to its last refund or dispute. Shares are of the available money. */
export interface Scenario {
  readonly index: number;
  readonly currency: 'EUR' | 'USD' | 'JPY' | 'KWD';
  readonly centAmount: number;
  readonly paying: Paying;
  /** The card that pays in the end; some refund later, or fail to. */
  readonly card: string;
  /** Undefined: captured at once. */
  readonly capture: { readonly how: Capturing; readonly shares: readonly number[]; readonly by: Asker } | undefined;
  /** The shopper's browser asks for the result; otherwise the tab was closed. */
  readonly confirms: boolean;
  readonly refunds: readonly { readonly share: number; readonly by: Asker }[];
  /** All refunds are requested at the same time. */
  readonly refundsTogether: boolean;
  readonly dispute: Disputing | undefined;
  /** The uncaptured rest is canceled in the dashboard. */
  readonly canceledLater: boolean;
}

const CARD = '4242424242424242';
const CARD_REFUND_PENDING = '4000000000007726';
const CARD_REFUND_FAILS = '4000000000005126';

/** The scenario of payment number `index` with `seed`: always the same. */
export function scenarioOf(seed: number, index: number): Scenario {
  const random = randomOf(seed, index);
  const someCurrency = random.weighted({ EUR: 6, USD: 2, JPY: 1, KWD: 1 });
  const paying = random.weighted(PAYING);
  const isBankDebit = paying.startsWith('bank');
  const isManual = !isBankDebit && random.chance(0.4);
  const how = random.weighted(CAPTURING);
  // The connector treats an amount below the rest as one of several captures, so the dashboard makes a partial final
  // one.
  const by: Asker = how === 'partial' || random.chance(0.35) ? 'dashboard' : 'connector';
  const shares = how.startsWith('several')
    ? [0.2 + random.next() * 0.2, 0.1 + random.next() * 0.2]
    : [0.3 + random.next() * 0.6];
  const refunds = random.chance(0.55)
    ? Array.from({ length: random.between(1, 3) }, () => ({
        share: 0.05 + random.next() * 0.25,
        by: random.pick<Asker>(['connector', 'dashboard']),
      }))
    : [];
  return {
    index,
    // SEPA moves euros only.
    currency: isBankDebit ? 'EUR' : someCurrency,
    // Stripe accepts three-decimal amounts in steps of 10.
    centAmount: random.between(100, 2_000) * 10,
    paying,
    card: random.chance(0.2) ? random.pick([CARD_REFUND_PENDING, CARD_REFUND_FAILS]) : CARD,
    capture: isManual ? { how, shares, by } : undefined,
    confirms: random.chance(0.7),
    refunds,
    refundsTogether: random.chance(0.5),
    dispute: random.chance(0.15) ? random.weighted(DISPUTING) : undefined,
    canceledLater: random.chance(0.5),
  };
}
