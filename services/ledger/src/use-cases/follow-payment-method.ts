import type { PaymentMethod, PaymentMethodUpdateAction } from '@commercetools/platform-sdk';
import { NotFoundError, PermanentError, StaleVersionError, TransientError } from '@connector/errors';
import type { Logger } from '@connector/telemetry';
import type { MethodEvent } from '../domain/method-event.ts';
import { localized, nameOf, needsName } from '../domain/method-name.ts';
import type { PaymentMethods, StripePaymentMethod } from './ports.ts';

export interface FollowDependencies {
  paymentMethods: PaymentMethods;
  /** Undefined for a method that Stripe does not have (any more). */
  stripePaymentMethod: (id: string) => Promise<StripePaymentMethod | undefined>;
  /** Id of the commercetools customer for whom a Stripe customer was created. */
  customerOf: (stripeCustomerId: string) => Promise<string | undefined>;
  /** Whether an account that an event names is the one of our key. */
  isOwnAccount: (account: string) => Promise<boolean>;
  paymentInterface: string;
  /** Events of the other mode belong to another system. */
  livemode: boolean;
  /** Whether stored methods get a name such as "Visa •••• 4242, 08/27". */
  names: boolean;
  log: Logger;
  now?: () => number;
}

/** `duplicate`: the stored method shows it already. `ignored`: not ours, or nothing that commercetools stores. */
export type FollowOutcome = 'applied' | 'duplicate' | 'ignored';

const DETACHED = 'payment_method.detached';
const ATTEMPTS = 5;
const HOUR_MS = 60 * 60 * 1000;

/**
 * Updates a stored payment method in commercetools from Stripe: a detached method is deleted, and a method whose card
 * was renewed is renamed. It reads the method's present state from Stripe, so that order and repetition of events do
 * not matter. Without the permission for payment methods (403) it logs a warning once an hour and changes nothing;
 * every other failure is thrown, and the event is retried.
 */
export function followPaymentMethod(deps: FollowDependencies): (event: MethodEvent) => Promise<FollowOutcome> {
  const { log, now = Date.now } = deps;
  let warnedAt = Number.NEGATIVE_INFINITY;
  return async (event) => {
    try {
      return await follow(deps, event, ATTEMPTS);
    } catch (error) {
      if (!(error instanceof TransientError) || error.status !== 403) throw error;
      if (now() - warnedAt >= HOUR_MS) {
        warnedAt = now();
        log.warn({ error, eventId: event.id }, 'stored payment methods do not follow Stripe: a permission is missing');
      }
      return 'ignored';
    }
  };
}

async function follow(deps: FollowDependencies, event: MethodEvent, attemptsLeft: number): Promise<FollowOutcome> {
  const { livemode, names, isOwnAccount } = deps;
  if (event.livemode !== livemode) return 'ignored';
  if (event.account && !(await isOwnAccount(event.account))) return 'ignored';
  // Only the name shows what has changed.
  if (event.type !== DETACHED && !names) return 'ignored';
  const stored = await find(deps, event);
  if (stored.length === 0) return 'ignored';
  const atStripe = await deps.stripePaymentMethod(event.methodId);
  if (!atStripe && event.type !== DETACHED) return 'ignored';
  try {
    const outcomes: FollowOutcome[] = [];
    for (const method of stored) {
      outcomes.push(atStripe?.customer ? await name(deps, method, atStripe) : await remove(deps, method));
    }
    return outcomes.includes('applied') ? 'applied' : 'duplicate';
  } catch (error) {
    if (!(error instanceof StaleVersionError)) throw error;
    if (attemptsLeft > 1) return follow(deps, event, attemptsLeft - 1);
    throw new TransientError('others keep changing the payment method', { reason: 'conflict', cause: error });
  }
}

/**
 * The stored methods of a method at Stripe: the one with our key, and those of the same customer that the original
 * connector stored without a key. The one with the key comes last: as long as it exists, a repeated event finds the
 * others through it.
 */
async function find(deps: FollowDependencies, event: MethodEvent): Promise<PaymentMethod[]> {
  const { paymentMethods, paymentInterface } = deps;
  const token = event.methodId;
  const known = await paymentMethods.byKey(methodKeyOf(token));
  const keyed = known?.token?.value === token ? known : undefined;
  const customerId = keyed?.customer?.id ?? (event.stripeCustomerId && (await deps.customerOf(event.stripeCustomerId)));
  if (!customerId) return keyed ? [keyed] : [];
  const all = await paymentMethods.withToken({ customerId, paymentInterface, token });
  return [...all.filter(({ id }) => id !== keyed?.id), ...(keyed ? [keyed] : [])];
}

async function name(
  { paymentMethods, names }: FollowDependencies,
  stored: PaymentMethod,
  { type, display }: StripePaymentMethod,
): Promise<FollowOutcome> {
  const wanted = names ? nameOf(type, display) : undefined;
  if (!wanted || !needsName(stored.name, wanted)) return 'duplicate';
  await paymentMethods.update(stored, [{ action: 'setName', name: localized(wanted) }]);
  return 'applied';
}

const INACTIVE: readonly PaymentMethodUpdateAction[] = [
  { action: 'setDefault', default: false },
  { action: 'setPaymentMethodStatus', paymentMethodStatus: 'Inactive' },
];

/** A method that commercetools does not delete, because something still refers to it, is made Inactive. */
async function remove({ paymentMethods, log }: FollowDependencies, stored: PaymentMethod): Promise<FollowOutcome> {
  try {
    await paymentMethods.delete(stored);
  } catch (error) {
    if (error instanceof NotFoundError) return 'duplicate';
    if (!(error instanceof PermanentError)) throw error;
    if (stored.paymentMethodStatus === 'Inactive') return 'duplicate';
    log.warn({ error, paymentMethodId: stored.id }, 'a payment method cannot be deleted; it is made inactive');
    await paymentMethods.update(stored, [...INACTIVE]);
  }
  return 'applied';
}

/** The key of the stored method of a method at Stripe, which only one can have. */
export const methodKeyOf = (token: string): string => `stripe-${token}`;
