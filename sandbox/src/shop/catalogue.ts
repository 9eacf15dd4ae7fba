/** Prices in the currency's minor units (centAmount) per piece. */
export const PRICES = { EUR: 2_400, USD: 2_600, JPY: 3_900, KWD: 7_990 } as const;
export type Currency = keyof typeof PRICES;

export const FRACTION_DIGITS: Record<Currency, number> = { EUR: 2, USD: 2, JPY: 0, KWD: 3 };

export const isCurrency = (value: unknown): value is Currency => typeof value === 'string' && value in PRICES;

/**
 * The services' `STRIPE_PAYMENT_BEHAVIOR_RULES` for the demonstration: the cart's country decides how the cart is paid,
 * so that one sandbox shows every flow. The shopper's address may be anywhere.
 */
export const BEHAVIOR_RULES = {
  NL: { captureMethod: 'manual' },
  PL: { flowType: 'pi_first' },
  BE: { flowType: 'pi_first', captureMethod: 'manual' },
} as const;

/**
 * `STRIPE_SAVED_PAYMENT_METHODS_CONFIG`: signed-in customers may keep a card, with their consent, and pay with it
 * again.
 */
export const SAVED_METHODS = {
  payment_method_save: 'enabled',
  payment_method_save_usage: 'off_session',
  payment_method_redisplay: 'enabled',
  payment_method_remove: 'enabled',
} as const;

export interface Address {
  firstName: string;
  lastName: string;
  streetName: string;
  postalCode: string;
  city: string;
  country: string;
  email: string;
}

/** The demonstration's address until the shopper enters another. */
export const DEFAULT_ADDRESS: Address = {
  firstName: 'Ada',
  lastName: 'Lovelace',
  streetName: 'Torstraße 1',
  postalCode: '10119',
  city: 'Berlin',
  country: 'DE',
  email: 'ada@example.com',
};

export interface Wishes {
  captureMethod?: 'automatic' | 'manual' | undefined;
  flowType?: 'deferred' | 'pi_first' | undefined;
}

/** The cart country whose rule grants `wishes`; without wishes the shop's own country. */
export function countryFor({ captureMethod, flowType }: Wishes, otherwise = 'DE'): string {
  if (flowType === 'pi_first') return captureMethod === 'manual' ? 'BE' : 'PL';
  return captureMethod === 'manual' ? 'NL' : otherwise;
}
