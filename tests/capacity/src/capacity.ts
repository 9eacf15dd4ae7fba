import type { UnitCosts } from '@connector/load-tests/unit-costs';

/**
 * Limits of Stripe and commercetools for an account or project, in requests a second; undefined when none is published.
 */
export interface Limits {
  /** All calls of a Stripe account in live mode. */
  readonly stripePerSecond: number | undefined;
  /** Calls of one endpoint, such as `POST /v1/payment_intents`. */
  readonly stripePerEndpoint: number | undefined;
  readonly commercetoolsPerSecond: number | undefined;
}

/** As published in November 2026; docs/capacity.md names the pages. */
export const PUBLISHED: Limits = { stripePerSecond: 100, stripePerEndpoint: 25, commercetoolsPerSecond: undefined };

/** The parts of a deployment. */
export interface Deployment {
  readonly pods: {
    readonly intent: number;
    readonly sessionAuth: number;
    readonly webhookIngest: number;
    readonly ledger: number;
  };
  readonly partitions: number;
  /** LEDGER_CONCURRENCY. */
  readonly ledgerConcurrency: number;
}
export type ServiceName = keyof Deployment['pods'];

export interface Assumptions {
  /** Share of a core that a pod may be busy, so that waits stay short and the loss of one pod can be absorbed. */
  readonly utilisation: number;
  readonly commercetoolsMs: number;
  readonly stripeMs: number;
  readonly ledgerConcurrency: number;
  /** The least pods of each service, so that one may fail. */
  readonly leastPods: number;
  readonly leastPartitions: number;
  /** Bytes of a webhook's record, and of one of our own. */
  readonly webhookBytes: number;
  readonly ownBytes: number;
  readonly replication: number;
}

export const ASSUMPTIONS: Assumptions = {
  utilisation: 0.6,
  commercetoolsMs: 50,
  stripeMs: 120,
  ledgerConcurrency: 32,
  leastPods: 2,
  leastPartitions: 12,
  webhookBytes: 3_000,
  ownBytes: 2_000,
  replication: 3,
};

/** The chart's default installation. */
export const DEFAULTS: Deployment = {
  pods: { intent: 2, sessionAuth: 2, webhookIngest: 2, ledger: 2 },
  partitions: 12,
  ledgerConcurrency: 32,
};

/** Calls of one payment to the busiest endpoint of Stripe: each payment creates, changes and reads its PaymentIntent once or so. */
const BUSIEST_ENDPOINT = 1;
/**
 * Events of a payment that our services publish: opened, and confirmed when no webhook is recorded before the shopper
 * returns.
 */
export const ownEvents = ({ ledgerEvents, webhooks }: UnitCosts['payment']): number =>
  Math.max(1, ledgerEvents - webhooks);

/** How many payments a second each resource carries, and why. */
export interface Ceiling {
  readonly what: string;
  readonly perSecond: number;
}

/** The payments a second that each resource of a deployment carries, the scarcest first. */
export function ceilings(
  costs: UnitCosts,
  { pods, partitions, ledgerConcurrency }: Deployment,
  limits: Limits,
  { utilisation, commercetoolsMs }: Assumptions = ASSUMPTIONS,
): Ceiling[] {
  const { payment } = costs;
  const processor = (name: ServiceName, words: string): Ceiling => ({
    what: `${words}: processor time of ${pods[name]} pods`,
    perSecond: (1000 * utilisation * pods[name]) / payment.cpuMs[name],
  });
  // A partition belongs to one pod, so further pods have no work.
  const busyLedgers = Math.min(pods.ledger, partitions);
  const found: Ceiling[] = [
    processor('intent', 'intent'),
    processor('sessionAuth', 'session-auth'),
    processor('webhookIngest', 'webhook-ingest'),
    { ...processor('ledger', 'ledger'), perSecond: (1000 * utilisation * busyLedgers) / payment.cpuMs.ledger },
    {
      what: `ledger: ${ledgerConcurrency} calls at once of ${busyLedgers} pods, commercetools at ${commercetoolsMs} ms`,
      perSecond: (1000 * busyLedgers * ledgerConcurrency) / (payment.ledgerCommercetoolsCalls * commercetoolsMs),
    },
  ];
  const { stripePerSecond, stripePerEndpoint, commercetoolsPerSecond } = limits;
  if (stripePerSecond !== undefined) {
    found.push({
      what: `Stripe: ${stripePerSecond} calls a second of the account`,
      perSecond: stripePerSecond / payment.stripeCalls,
    });
  }
  if (stripePerEndpoint !== undefined) {
    found.push({
      what: `Stripe: ${stripePerEndpoint} calls a second of one endpoint`,
      perSecond: stripePerEndpoint / BUSIEST_ENDPOINT,
    });
  }
  if (commercetoolsPerSecond !== undefined) {
    found.push({
      what: `commercetools: ${commercetoolsPerSecond} calls a second`,
      perSecond: commercetoolsPerSecond / payment.commercetoolsCalls,
    });
  }
  return found.sort((a, b) => a.perSecond - b.perSecond);
}

export interface Need {
  readonly perSecond: number;
  readonly deployment: Deployment;
  /** Calls a second to Stripe and commercetools. */
  readonly stripePerSecond: number;
  readonly stripePerEndpoint: number;
  readonly commercetoolsPerSecond: number;
  /** Records and bytes a second into the events topic, before replication. */
  readonly records: number;
  readonly megabytes: number;
  /** What a broker cluster writes in a day, on all replicas, in GB. */
  readonly gigabytesADay: number;
}

/** The resources that this many payments a second need. */
export function needFor(perSecond: number, costs: UnitCosts, assumptions: Assumptions = ASSUMPTIONS): Need {
  const { utilisation, leastPods, leastPartitions, ledgerConcurrency, commercetoolsMs } = assumptions;
  const { payment } = costs;
  const busy = (cpuMs: number) => Math.max(leastPods, Math.ceil((perSecond * cpuMs) / (1000 * utilisation)));
  const waiting =
    (perSecond * payment.ledgerCommercetoolsCalls * commercetoolsMs) / (1000 * ledgerConcurrency * utilisation);
  const ledger = Math.max(busy(payment.cpuMs.ledger), Math.ceil(waiting));
  const own = ownEvents(payment);
  const records = perSecond * (payment.webhooks + own);
  const megabytes = (perSecond * (payment.webhooks * assumptions.webhookBytes + own * assumptions.ownBytes)) / 1e6;
  return {
    perSecond,
    deployment: {
      pods: {
        intent: busy(payment.cpuMs.intent),
        sessionAuth: busy(payment.cpuMs.sessionAuth),
        webhookIngest: busy(payment.cpuMs.webhookIngest),
        ledger,
      },
      // Two for each pod even out the keys and leave room to grow, because partitions are never removed.
      partitions: Math.max(leastPartitions, 2 * ledger),
      ledgerConcurrency,
    },
    stripePerSecond: perSecond * payment.stripeCalls,
    stripePerEndpoint: perSecond * BUSIEST_ENDPOINT,
    commercetoolsPerSecond: perSecond * payment.commercetoolsCalls,
    records,
    megabytes,
    gigabytesADay: (megabytes * assumptions.replication * 86_400) / 1000,
  };
}
