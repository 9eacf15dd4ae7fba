import { attributesOf } from '@connector/contracts';
import type { WaitingMessage } from '@connector/kafka';
import { type PaymentEvent, toPaymentEvent } from '../domain/payment-event.ts';
import { assertOwnProject } from './own-project.ts';

/** How many are read early at most: more of one payment rarely wait together, and each is read again in its own turn. */
const AT_MOST = 10;

/**
 * The events among the messages that wait behind one, in order, each with the time at which Kafka received it. Ends before the first message that cannot
 * be read or belongs to another project: that message fails in its own turn.
 */
export function waitingEvents(behind: readonly WaitingMessage[], projectKey: string): Map<PaymentEvent, Date> {
  const events = new Map<PaymentEvent, Date>();
  try {
    for (const { headers, value, receivedAt } of behind.slice(0, AT_MOST)) {
      assertOwnProject(headers, projectKey);
      const event = toPaymentEvent(attributesOf(headers), value);
      if (event) events.set(event, receivedAt);
    }
  } catch {
    // The same error is thrown, and classified, in the turn of the message.
  }
  return events;
}
