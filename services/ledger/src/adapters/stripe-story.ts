import { orUndefined } from '@connector/errors';
import type { StripeClient } from '@connector/stripe';
import type Stripe from 'stripe';
import type { SeenDecline, SeenMovement, SeenUndelivered } from '../domain/story.ts';
import type { StripeStory } from '../use-cases/ports-explain.ts';
import { listAll } from './stripe-lists.ts';

/** Undelivered events are few unless an endpoint is down; only this many of the newest are searched. */
const MAX_UNDELIVERED = 1_000;

/** What Stripe says about a PaymentIntent besides its money, read over its API. */
export const stripeStory = (client: StripeClient): StripeStory => ({
  paymentIntentOf: (id) => paymentIntentOf(client, id),
  declinesOf: async (payment_intent) => {
    const charges = await listAll(client, 'charges.list', (stripe) =>
      stripe.charges.list({ payment_intent, limit: 100 }),
    );
    return charges.filter(({ status }) => status === 'failed').map(declineOf);
  },
  movementsOf: async (sourceIds) => {
    const lists = await Promise.all(
      sourceIds.map((source) =>
        listAll(client, 'balance_transactions.list', (stripe) =>
          stripe.balanceTransactions.list({ source, limit: 100 }),
        ),
      ),
    );
    return lists.flat().map(movementOf);
  },
  undelivered: async (objectIds) => {
    const wanted = new Set(objectIds);
    const events = await client.call('events.list', (stripe) =>
      stripe.events.list({ delivery_success: false, limit: 100 }).autoPagingToArray({ limit: MAX_UNDELIVERED }),
    );
    return events.filter(({ data }) => wanted.has((data.object as { id?: string }).id ?? '')).map(undeliveredOf);
  },
});

/** A charge, refund or dispute names its PaymentIntent; a balance transaction names its source. */
async function paymentIntentOf(client: StripeClient, id: string): Promise<string | undefined> {
  const found = await orUndefined(linkOf(client, id));
  if (!found) return undefined;
  if ('payment_intent' in found) return idOf(found.payment_intent);
  const source = idOf(found.source);
  return source && paymentIntentOf(client, source);
}

function linkOf({ call }: StripeClient, id: string): Promise<{ payment_intent: Link } | { source: Link }> {
  const [prefix] = id.split('_');
  switch (prefix) {
    case 'ch':
    case 'py':
      return call('charges.retrieve', (stripe) => stripe.charges.retrieve(id));
    case 're':
    case 'pyr':
      return call('refunds.retrieve', (stripe) => stripe.refunds.retrieve(id));
    case 'txn':
      return call('balance_transactions.retrieve', (stripe) => stripe.balanceTransactions.retrieve(id));
    default:
      return call('disputes.retrieve', (stripe) => stripe.disputes.retrieve(id));
  }
}

type Link = string | { id: string } | null | undefined;
const idOf = (link: Link): string | undefined => (typeof link === 'object' ? link?.id : link);

const movementOf = (transaction: Stripe.BalanceTransaction): SeenMovement => {
  const { id, created, type, amount, fee, net, currency } = transaction;
  return { id, at: new Date(created * 1000), type, amount, fee, net, currency };
};

const declineOf = ({ id, created, outcome, failure_code: failure }: Stripe.Charge): SeenDecline => ({
  id,
  at: new Date(created * 1000),
  code: outcome?.reason ?? failure ?? 'no reason given',
});

const undeliveredOf = ({ id, created, type }: Stripe.Event): SeenUndelivered => ({
  id,
  at: new Date(created * 1000),
  type,
});
