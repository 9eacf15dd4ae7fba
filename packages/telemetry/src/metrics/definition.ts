export type Exporter = 'intent' | 'ledger' | 'session-auth' | 'webhook-ingest';

/** One metric family. */
export interface MetricDefinition {
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly name: string;
  readonly help: string;
  /** Each label with its values or, where these are not a fixed list, with a description. Never an id. */
  readonly labels: Readonly<Record<string, readonly string[] | string>>;
  readonly buckets?: readonly number[];
  /** Has exemplars: the trace of a sampled request beside its buckets. */
  readonly exemplars?: boolean;
  readonly from: readonly Exporter[];
}

// Label descriptions and buckets that several files of definitions use.

/** Buckets of request durations in seconds, as the HTTP semantic conventions advise. */
export const DURATION_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
/** Results of handling an event. */
export const HANDLED = ['applied', 'duplicate', 'superseded', 'ignored'] as const;
export const P = 'stripe_connector_';
export const EVERY_SERVICE = ['intent', 'ledger', 'session-auth', 'webhook-ingest'] as const;
