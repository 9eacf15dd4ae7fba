import type { CommercetoolsAccess } from './client.ts';
import type { Explain, SubscribeToEvents } from './live.ts';

export interface StorefrontOptions {
  commercetools: CommercetoolsAccess;
  /** Base URLs of the sides that are simulated. */
  simulators: { commercetools?: string; stripe?: string };
  /** Origin in the browser; the processor's routes are there too. */
  publicUrl: string;
  /** The processor's address for this process, when it is not `publicUrl`. */
  processorUrl?: string;
  /** Path of the enabler's ES build, e.g. `/connector-enabler.es.js`. */
  enablerUrl: string;
  /** Kafka's events for the timeline; without them it shows the browser's and commercetools' side. */
  events?: SubscribeToEvents;
  /** Asks all sides about a payment, for the timeline's last sentence; without it the timeline shows what was seen. */
  explain?: Explain;
  /** Takes Kafka away and brings it back; without it the page has no such switch. */
  kafka?: { setDown(isDown: boolean): Promise<void> };
  /** Origin of `/<trace id>`, which answers with the trace; without it the page shows only trace ids. */
  tracesPath?: string;
  /** Named figures shown beside the faults, e.g. `{ 'Dead letters': 0 }`. */
  serviceMetrics?: () => Promise<Record<string, number | string>>;
}
