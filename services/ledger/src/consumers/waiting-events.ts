import { attributesOf } from '@connector/contracts';
import type { WaitingMessage } from '@connector/kafka';
import { type PaymentEvent, toPaymentEvent } from '../domain/payment-event.ts';
import { assertOwnProject } from './own-project.ts';

/** So many are read early: more of one payment hardly come together, and each is read again in its turn. */
const AT_MOST = 10;

/**
 * The events among the messages that wait behind one, by when Kafka got each, in order. It ends before the first message that cannot be read here or
 * is another project's: what becomes of that one its own turn decides.
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
    // Thrown again, and judged, when its turn comes.
  }
  return events;
}
