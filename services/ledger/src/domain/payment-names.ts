import type { Payment } from '@commercetools/platform-sdk';

/**
 * The PaymentIntent id of a payment: its interface id, or for a payment of the original connector the interaction id of
 * its authorization.
 */
export const paymentIntentIdOf = ({
  interfaceId,
  transactions,
}: Pick<Payment, 'interfaceId' | 'transactions'>): string | undefined =>
  [interfaceId, ...transactions.map(({ interactionId }) => interactionId)].find((id) => id?.startsWith('pi_'));

/** The cart id in a payment's key: `<cart id>-<attempt>`. */
export const cartIdInKey = (key: string | undefined): string | undefined =>
  key && !key.startsWith('stripe-') ? /^(?<cartId>.+)-[1-9]\d*$/.exec(key)?.groups?.cartId : undefined;
