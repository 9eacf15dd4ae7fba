import { PermanentError } from '@connector/errors';
import type { PaymentEvent } from '../domain/payment-event.ts';
import { ownerOf, type Whose, whoseEvent } from '../domain/whose-event.ts';
import type { KnownPayments, Payments, Strangers, StripeFacts } from './ports.ts';

export interface OwnerDependencies {
  stripe: Pick<StripeFacts, 'paymentIntent'>;
  payments: Pick<Payments, 'byPaymentIntent'>;
  projectKey: string;
  known: KnownPayments;
  strangers?: Strangers;
  /** Whether the account that an event names is the one of our key. Without it no event should name one. */
  isOwnAccount?: (account: string) => Promise<boolean>;
}

/** Kinds of events whose objects may not name their owner; their PaymentIntent does. */
const SILENT: ReadonlySet<string> = new Set(['refund-changed', 'payment-suspected']);

/**
 * Whether an event belongs to this connector, or to another account, project or integration. Makes no call if the event
 * says so itself, or if earlier events of its PaymentIntent did; for a refund, review or warning of unknown origin it
 * reads the PaymentIntent from Stripe once.
 */
export async function checkOwner(dependencies: OwnerDependencies, event: PaymentEvent): Promise<Whose> {
  const { known, strangers, isOwnAccount, projectKey } = dependencies;
  const { account, paymentIntentId } = event;
  if (account && !(await isOwnAccount?.(account))) return 'foreign';
  const told = whoseEvent(event, projectKey);
  if (!paymentIntentId) return told;
  // A payment of ours stays ours, even if somebody edits the metadata.
  if (known.get(paymentIntentId)) return 'ours';
  if (told === 'unknown' && strangers?.has(paymentIntentId)) return 'foreign';
  const isSilent = told === 'unknown' && SILENT.has(event.detail.kind);
  const whose = isSilent ? await ownerAtStripe(dependencies, event, paymentIntentId) : told;
  if (whose === 'foreign') strangers?.add(paymentIntentId);
  if (whose === 'ours') strangers?.delete(paymentIntentId);
  return whose;
}

async function ownerAtStripe(
  dependencies: OwnerDependencies,
  event: PaymentEvent,
  paymentIntentId: string,
): Promise<Whose> {
  const { stripe, projectKey } = dependencies;
  const found = await unlessForeignAndGone(dependencies, event, () => stripe.paymentIntent(paymentIntentId));
  return (found && ownerOf(found.metadata, projectKey)) ?? 'foreign';
}

/**
 * The result of `ask` for an event that does not name its owner. Undefined when Stripe does not have the object and
 * commercetools has no payment for its PaymentIntent: then the event is not ours. If commercetools has a payment, the
 * failure is thrown, because a person has to look at it.
 */
export async function unlessForeignAndGone<T>(
  { payments }: Pick<OwnerDependencies, 'payments'>,
  { paymentIntentId }: Pick<PaymentEvent, 'paymentIntentId'>,
  ask: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    const isGone = error instanceof PermanentError && error.reason === 'gone_from_stripe';
    if (!isGone || (paymentIntentId && (await payments.byPaymentIntent(paymentIntentId)))) throw error;
    return undefined;
  }
}
