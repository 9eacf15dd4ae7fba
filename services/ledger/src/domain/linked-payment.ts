import type { Payment } from '@commercetools/platform-sdk';
import type { EventData } from '@connector/contracts';

/** The payment as intent linked it to its PaymentIntent, as far as decisions look at it; undefined where the event does not tell. */
export function linkedPayment({
  paymentId,
  paymentKey,
  paymentIntentId,
  amount,
  asLinked,
}: EventData<'checkout.payment.opened'>): Payment | undefined {
  if (!asLinked) return undefined;
  const { version, createdAt, paymentInterface } = asLinked;
  return {
    id: paymentId,
    version,
    key: paymentKey,
    createdAt,
    lastModifiedAt: createdAt,
    interfaceId: paymentIntentId,
    amountPlanned: { type: 'centPrecision', ...amount },
    paymentMethodInfo: { ...(paymentInterface && { paymentInterface }) },
    paymentStatus: {},
    transactions: [],
    interfaceInteractions: [],
  };
}
