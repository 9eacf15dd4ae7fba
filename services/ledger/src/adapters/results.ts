import type { Payment } from '@commercetools/platform-sdk';
import { derivedEventId, eventRecord, PAYMENT_TRANSACTIONS, SOURCES } from '@connector/contracts';
import type { Producer } from '@connector/kafka';
import { RULES_VERSION } from '../domain/decide.ts';
import { type Decline, declineOf } from '../domain/interaction.ts';
import type { Results } from '../use-cases/ports.ts';

export function kafkaResults(producer: Producer): Results {
  return {
    publish: async (event, { payment, collected }) => {
      const { paymentIntentId, ownership } = collected;
      const cause = { paymentId: payment.id, paymentIntentId, causeId: event.id, causeType: event.type };
      const attributes = (type: string) => ({
        key: paymentIntentId,
        id: derivedEventId(type, payment.id, RULES_VERSION, event.id),
        source: SOURCES.ledger,
        subject: paymentIntentId,
      });
      const recorded = eventRecord('checkout.transaction.recorded', attributes('checkout.transaction.recorded'), {
        ...cause,
        ...(payment.key && { paymentKey: payment.key }),
        ...(ownership.cartId && { cartId: ownership.cartId }),
        paymentVersion: payment.version,
        transactions: payment.transactions.map(transactionOf),
      });
      const declined = declineOf(event);
      await Promise.all([
        producer.send(PAYMENT_TRANSACTIONS, recorded),
        ...(declined ? [producer.send(PAYMENT_TRANSACTIONS, rejected(declined))] : []),
      ]);

      function rejected({ code, declineCode }: Decline) {
        const attributesOfIt = attributes('checkout.payment.rejected');
        return eventRecord('checkout.payment.rejected', attributesOfIt, { ...cause, code, declineCode });
      }
    },
  };
}

const transactionOf = ({ id, type, state, amount, interactionId }: Payment['transactions'][number]) => ({
  id,
  type: type as 'Charge',
  state: state as 'Success',
  amount: { centAmount: amount.centAmount, currencyCode: amount.currencyCode, fractionDigits: amount.fractionDigits },
  ...(interactionId && { interactionId }),
});
