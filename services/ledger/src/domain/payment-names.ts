import type { Payment } from '@commercetools/platform-sdk';

/** The PaymentIntent of a payment: its interface id; of one that the original connector made, the interaction id of its authorization. */
export const paymentIntentIdOf = ({
  interfaceId,
  transactions,
}: Pick<Payment, 'interfaceId' | 'transactions'>): string | undefined =>
  [interfaceId, ...transactions.map(({ interactionId }) => interactionId)].find((id) => id?.startsWith('pi_'));

/** The cart that a payment's key names: `<cart id>-<attempt>`. */
export const cartIdInKey = (key: string | undefined): string | undefined =>
  key && !key.startsWith('stripe-') ? /^(?<cartId>.+)-[1-9]\d*$/.exec(key)?.groups?.cartId : undefined;
