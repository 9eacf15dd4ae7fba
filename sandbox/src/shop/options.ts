import type { CommercetoolsAccess } from './client.ts';
import type { Explain, SubscribeToEvents } from './live.ts';

export interface StorefrontOptions {
  commercetools: CommercetoolsAccess;
  /** Base URLs of the sides that are simulated. */
  simulators: { commercetools?: string; stripe?: string };
  /** Origin that the browser sees; the processor's routes answer there too. */
  publicUrl: string;
  /** Where this process reaches the processor, when not at `publicUrl`. */
  processorUrl?: string;
  /** Where the enabler's ES build is served, e.g. `/connector-enabler.es.js`. */
  enablerUrl: string;
  /** Kafka's events, for the timeline; without it the timeline shows the browser's and commercetools' side. */
  events?: SubscribeToEvents;
  /** Asks everyone about a payment, for the timeline's last sentence; without it the timeline tells what was seen. */
  explain?: Explain;
  /** Takes Kafka away and brings it back; without it the page has no such switch. */
  kafka?: { setDown(isDown: boolean): Promise<void> };
  /** Where `/<trace id>` answers with the trace; without it the page shows trace ids alone. */
  tracesPath?: string;
  /** Named figures shown beside the faults, e.g. `{ 'Dead letters': 0 }`. */
  serviceMetrics?: () => Promise<Record<string, number | string>>;
}
