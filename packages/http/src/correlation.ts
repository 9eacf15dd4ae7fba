import { type Baggage, type BaggageEntry, type Context, context, propagation } from '@opentelemetry/api';

const ENTRY = 'correlation.id';

/** The correlation id of the current work. It is part of the baggage, so Kafka messages carry it too. */
export const correlationId = (): string | undefined => propagation.getBaggage(context.active())?.getEntry(ENTRY)?.value;

/** `within`, with `id` as the correlation id. */
export function withCorrelation(within: Context, id: string): Context {
  const baggage = propagation.getBaggage(within);
  const entry = { value: id };
  return propagation.setBaggage(within, baggage ? baggage.setEntry(ENTRY, entry) : new OnlyCorrelation(entry));
}

/** Runs `work` with `id` as its correlation id. */
export const withCorrelationId = <T>(id: string, work: () => T): T =>
  context.with(withCorrelation(context.active(), id), work);

/**
 * The baggage of nearly every request: only the correlation id. The baggage of the API would be three Maps, copied and
 * listed for each request.
 */
class OnlyCorrelation implements Baggage {
  readonly #entry: BaggageEntry;

  constructor(entry: BaggageEntry) {
    this.#entry = entry;
  }

  getEntry(key: string): BaggageEntry | undefined {
    return key === ENTRY ? { ...this.#entry } : undefined;
  }

  getAllEntries(): [string, BaggageEntry][] {
    return [[ENTRY, this.#entry]];
  }

  setEntry(key: string, entry: BaggageEntry): Baggage {
    return propagation.createBaggage({ [ENTRY]: this.#entry, [key]: entry });
  }

  removeEntry(key: string): Baggage {
    return this.removeEntries(key);
  }

  removeEntries(...keys: string[]): Baggage {
    return keys.includes(ENTRY) ? this.clear() : this;
  }

  clear(): Baggage {
    return propagation.createBaggage();
  }
}
