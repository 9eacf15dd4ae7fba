import type { Cart } from './checkout-cart.ts';

export const CAPTURE_METHODS = ['automatic', 'automatic_async', 'manual'] as const;
export const FLOW_TYPES = ['deferred', 'pi_first'] as const;
export const BILLING_ADDRESS_MODES = ['auto', 'never', 'if_required'] as const;
/** Values of `setupFutureUsage` that mean: do not send it. */
export const NO_FUTURE_USAGE = ['', 'none', 'null', 'undefined'] as const;

export type CaptureMethod = (typeof CAPTURE_METHODS)[number];
export type FlowType = (typeof FLOW_TYPES)[number];
export type CollectBillingAddress = (typeof BILLING_ADDRESS_MODES)[number];
export type FutureUsage = 'off_session' | 'on_session';

/** Overrides for the carts of one country or store; absent fields keep the configured value. */
export interface BehaviourRule {
  readonly flowType?: FlowType | undefined;
  readonly captureMethod?: CaptureMethod | undefined;
  readonly setupFutureUsage?: string | undefined;
  readonly collectBillingAddress?: CollectBillingAddress | undefined;
}

/** The configured payment behaviour for all carts. */
export interface BehaviourSettings {
  readonly flowType: FlowType;
  readonly captureMethod: CaptureMethod;
  /** Undefined is not the same as empty: undefined falls back to `savedMethodsUsage`, empty means none. */
  readonly setupFutureUsage?: string | undefined;
  readonly savedMethodsUsage?: FutureUsage | undefined;
  readonly collectBillingAddress: CollectBillingAddress;
  readonly rules: Readonly<Record<string, BehaviourRule>>;
}

/** The payment behaviour for one cart. */
export interface Behaviour {
  readonly flowType: FlowType;
  readonly captureMethod: CaptureMethod;
  readonly setupFutureUsage: FutureUsage | undefined;
  readonly collectBillingAddress: CollectBillingAddress;
}

type Located = Pick<Cart, 'country' | 'billingAddress' | 'shippingAddress' | 'store'>;

/**
 * The value that selects a cart's rule: the first present of the cart's country, the billing address's country, the
 * shipping address's country, and the store's key. Only this value is looked up, so a cart with a country never matches
 * a store's rule.
 */
export const discriminatorOf = ({ country, billingAddress, shippingAddress, store }: Located): string | undefined =>
  country || billingAddress?.country || shippingAddress?.country || store?.key || undefined;

/**
 * The behaviour for a cart with its rule applied. `isRecurring` carts always save their method, except in the
 * `pi_first` flow.
 */
export function behaviourFor(cart: Located, isRecurring: boolean, settings: BehaviourSettings): Behaviour {
  const key = discriminatorOf(cart);
  const rule = key !== undefined && Object.hasOwn(settings.rules, key) ? settings.rules[key] : undefined;
  const flowType = rule?.flowType ?? settings.flowType;
  return {
    flowType,
    captureMethod: rule?.captureMethod ?? settings.captureMethod,
    collectBillingAddress: rule?.collectBillingAddress ?? settings.collectBillingAddress,
    setupFutureUsage:
      flowType === 'pi_first'
        ? undefined
        : futureUsage(isRecurring, rule?.setupFutureUsage ?? settings.setupFutureUsage, settings.savedMethodsUsage),
  };
}

function futureUsage(
  isRecurring: boolean,
  configured: string | undefined,
  savedMethodsUsage: FutureUsage | undefined,
): FutureUsage | undefined {
  if (isRecurring) return 'off_session';
  const value = configured?.trim().toLowerCase();
  if (value === 'on_session' || value === 'off_session') return value;
  if (value !== undefined && (NO_FUTURE_USAGE as readonly string[]).includes(value)) return undefined;
  return savedMethodsUsage;
}
