import { PAYMENT_EVENTS } from '@connector/contracts';
import { startSentMessages } from '@connector/kafka';
import { DEFINITIONS, metrics } from '@connector/telemetry';

const OPERATIONS = ['create', 'confirm', 'capture', 'cancel', 'refund', 'reverse', 'increment', 'transaction'] as const;
const OUTCOMES = ['approved', 'received', 'rejected', 'error'] as const;

/** Creates every series at the start, so that Prometheus sees the first event as an increase. */
export function initialiseCounters(): void {
  for (const operation of OPERATIONS) {
    for (const outcome of OUTCOMES) metrics.paymentOperations.inc({ operation, outcome }, 0);
  }
  for (const scheme of ['session', 'jwt', 'oauth2']) {
    for (const reason of ['refused', 'too_many']) metrics.denials.inc({ scheme, reason }, 0);
  }
  for (const field of DEFINITIONS.optionalDataRefused.labels.field) metrics.optionalDataRefused.inc({ field }, 0);
  for (const reason of DEFINITIONS.lineItemsLeftOut.labels.reason) metrics.lineItemsLeftOut.inc({ reason }, 0);
  startSentMessages(PAYMENT_EVENTS);
}
