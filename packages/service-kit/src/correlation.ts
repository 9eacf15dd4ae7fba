import { context, propagation } from '@opentelemetry/api';

const ENTRY = 'correlation.id';

/** The correlation id of the work at hand; it travels as baggage, so over Kafka too. */
export const correlationId = (): string | undefined => propagation.getBaggage(context.active())?.getEntry(ENTRY)?.value;

/** Runs `work` with `id` as its correlation id. */
export function withCorrelationId<T>(id: string, work: () => T): T {
  const baggage = (propagation.getActiveBaggage() ?? propagation.createBaggage()).setEntry(ENTRY, { value: id });
  return context.with(propagation.setBaggage(context.active(), baggage), work);
}
