import type { Payment } from '@commercetools/platform-sdk';
import { derivedEventId, eventRecord, PAYMENT_TRANSACTIONS, SOURCES } from '@connector/contracts';
import type { Producer } from '@connector/kafka';
import { RULES_VERSION } from '../domain/decide.ts';
import { type Decline, declineOf } from '../domain/interaction.ts';
import type { PaymentEvent } from '../domain/payment-event.ts';
import type { RecordOutcome } from '../use-cases/record-payment-event.ts';

type Recorded = Extract<RecordOutcome, { kind: 'recorded' }>;

/** Tells the others what the payment shows after an event. */
export interface Results {
  /**
   * Resolves once Kafka has it. It is told for every handled event, also when nothing was left to write and on redelivery, under an id that
   * depends on payment, rules and event alone: who waits for this event gets an answer, who has had it can tell.
   */
  publish(event: PaymentEvent, recorded: Recorded): Promise<void>;
}

export function kafkaResults(producer: Producer): Results {
  return {
    publish: async (event, { payment, gathered }) => {
      const { paymentIntentId, ownership } = gathered;
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
