import type { Payment, PaymentUpdateAction } from '@commercetools/platform-sdk';
import { PermanentError } from '@connector/errors';
import { interactionOf } from '../domain/interaction.ts';
import { joinedActions, type Told } from '../domain/joined-update.ts';
import type { PaymentEvent } from '../domain/payment-event.ts';
import { whoseEvent } from '../domain/whose-event.ts';
import { toldBy } from './collect-facts.ts';
import type { Payments } from './ports.ts';

export interface JoinDependencies {
  payments: Pick<Payments, 'update'>;
  projectKey: string;
  livemode: boolean;
  interactionType: () => string | undefined;
}

/** The update that one event needs, of the payment of its PaymentIntent. */
export interface OwnUpdate {
  readonly event: Pick<PaymentEvent, 'account'>;
  readonly paymentIntentId: string;
  readonly payment: Payment;
  readonly actions: PaymentUpdateAction[];
}

export interface JoinedUpdate {
  readonly payment: Payment;
  readonly actions: readonly PaymentUpdateAction[];
  /** The waiting events for which something was written. */
  readonly joined: readonly PaymentEvent[];
}

/**
 * Writes the actions of an event, and in the same update those of the events that wait behind it (docs/adr/0027). Each waiting event is still handled in
 * its own turn, and then finds its facts written. When commercetools refuses the update (4xx), the event's own actions are sent alone: a refusal counts
 * only against the event that caused it. Throws what `payments.update` throws.
 */
export async function updateJoined(
  dependencies: JoinDependencies,
  own: OwnUpdate,
  waiting: readonly PaymentEvent[],
): Promise<JoinedUpdate> {
  const { payments } = dependencies;
  const { payment, actions } = own;
  const joined = joinedBy(dependencies, own, waiting);
  if (joined.length > 0) {
    const all = [...actions, ...joined.flatMap((one) => one.actions)];
    try {
      return { payment: await payments.update(payment, all), actions: all, joined: joined.map(({ event }) => event) };
    } catch (error) {
      if (!(error instanceof PermanentError)) throw error;
    }
  }
  return { payment: await payments.update(payment, actions), actions, joined: [] };
}

function joinedBy(
  dependencies: JoinDependencies,
  own: OwnUpdate,
  waiting: readonly PaymentEvent[],
): { event: PaymentEvent; actions: PaymentUpdateAction[] }[] {
  const told: Told[] = [];
  for (const event of waiting) {
    const tells = isSurelyOurs(dependencies, own, event) ? toldBy(event) : undefined;
    // Events are written in order: those behind this one wait, too.
    if (!tells) break;
    told.push({ ...tells, interaction: interactionOf(event, dependencies.interactionType()) });
  }
  return joinedActions(own.payment, own.actions, own.paymentIntentId, told).flatMap((actions, index) => {
    const event = waiting[index];
    return event && actions.length > 0 ? [{ event, actions }] : [];
  });
}

/** Whether the event alone shows that it belongs to this payment, without a call. */
const isSurelyOurs = (
  { livemode, projectKey }: JoinDependencies,
  { event: own, paymentIntentId }: OwnUpdate,
  event: PaymentEvent,
): boolean =>
  event.paymentIntentId === paymentIntentId &&
  (event.livemode === undefined || event.livemode === livemode) &&
  (event.account === undefined || event.account === own.account) &&
  whoseEvent(event, projectKey) !== 'foreign';
