import type { Payment } from '@commercetools/platform-sdk';
import type { EventData } from '@connector/contracts';

/**
 * The payment right after intent linked it to its PaymentIntent, as far as decisions read it; undefined if the event
 * does not contain it.
 */
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
