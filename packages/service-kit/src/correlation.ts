import { type Context, context, propagation } from '@opentelemetry/api';

const ENTRY = 'correlation.id';

/** The correlation id of the work at hand; it travels as baggage, so over Kafka too. */
export const correlationId = (): string | undefined => propagation.getBaggage(context.active())?.getEntry(ENTRY)?.value;

/** `within` with `id` as the correlation id. */
export function withCorrelation(within: Context, id: string): Context {
  const baggage = propagation.getBaggage(within) ?? propagation.createBaggage();
  return propagation.setBaggage(within, baggage.setEntry(ENTRY, { value: id }));
}

/** Runs `work` with `id` as its correlation id. */
export const withCorrelationId = <T>(id: string, work: () => T): T =>
  context.with(withCorrelation(context.active(), id), work);
