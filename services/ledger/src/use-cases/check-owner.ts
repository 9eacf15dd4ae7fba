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

/** Kinds of events whose objects need not say whose they are; their PaymentIntent says it. */
const SILENT: ReadonlySet<string> = new Set(['refund-changed', 'payment-suspected']);

/**
 * Whether an event is of this connector, or of another account, project or integration. Asks nobody where the event says so itself, or earlier
 * events of its PaymentIntent did; for a refund, review or warning of unknown origin it asks Stripe once, for the PaymentIntent.
 */
export async function checkOwner(dependencies: OwnerDependencies, event: PaymentEvent): Promise<Whose> {
  const { known, strangers, isOwnAccount, projectKey } = dependencies;
  const { account, paymentIntentId } = event;
  if (account && !(await isOwnAccount?.(account))) return 'foreign';
  const told = whoseEvent(event, projectKey);
  if (!paymentIntentId) return told;
  // A payment of ours stays ours when somebody edits the metadata.
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
 * What `ask` answers, asked for an event that does not say whose it is; undefined when Stripe does not have its object and commercetools no
 * payment of its PaymentIntent: then it is another's. When commercetools has one the failure stands, and somebody has to look.
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
