import { ALL_CLUSTER_FAULTS, CLUSTER_FAULTS, type ClusterFaultName } from './cluster-faults.ts';

/** The faults, with their descriptions. */
export const FAULTS = {
  webhooks: 'webhooks shuffled, each event delivered 1 to 3 times',
  'webhooks-late': 'webhooks come up to half a minute late',
  'clock-skew': "Stripe's clock is ten minutes behind: its signatures are too old",
  'ct-errors': 'commercetools fails 20 % of calls with 503',
  'ct-down': 'commercetools is down',
  'ct-latency': 'commercetools is slow',
  'ct-resets': 'commercetools cuts connections, before and after it did what was asked',
  'ct-hangs': 'commercetools leaves calls without an answer',
  'stripe-errors': 'Stripe answers 500 and 429',
  'stripe-latency': 'Stripe is slow',
  'stripe-resets': 'Stripe cuts connections, before and after it did what was asked',
  'ledger-kills': 'ledger killed with SIGKILL and started again',
  'ledger-freeze': 'ledger is frozen until its group has removed it, then goes on',
  'broker-kill': 'broker killed with SIGKILL and started again',
  'broker-freeze': 'broker is frozen: its connections are half open',
  'disk-full': "the disk of Kafka's log is full, then emptied and the broker started again",
  'ingest-kill': 'webhook-ingest killed with SIGKILL and started again',
  'intent-kill': 'intent killed with SIGKILL and started again',
  'session-auth-kill': 'session-auth killed with SIGKILL and started again',
} as const;
export type SingleFaultName = keyof typeof FAULTS;
export type FaultName = SingleFaultName | ClusterFaultName;

/** With several brokers other faults are possible. */
const OF_THE_ONE_BROKER: readonly FaultName[] = ['broker-kill', 'broker-freeze', 'disk-full'];

/** All faults that are possible with this many brokers. */
export function faultsWith(brokers: number): FaultName[] {
  const all = Object.keys(FAULTS) as SingleFaultName[];
  if (brokers === 1) return all;
  return [...all.filter((name) => !OF_THE_ONE_BROKER.includes(name)), ...ALL_CLUSTER_FAULTS];
}

export const wordsOf = (name: FaultName): string => ({ ...FAULTS, ...CLUSTER_FAULTS })[name];

export type Side = 'commercetools' | 'stripe';
export type Target = 'ledger' | 'kafka' | 'webhook-ingest' | 'intent' | 'session-auth';

/** A fault that begins when this share of the scenarios has begun. */
export type Planned = { readonly name: FaultName; readonly at: number } & (
  | { readonly kind: 'webhooks'; readonly settings: object; readonly ms: number | undefined }
  /** `ms` undefined: until the end. */
  | { readonly kind: 'side'; readonly side: Side; readonly rules: readonly object[]; readonly ms: number | undefined }
  | {
      readonly kind: 'process';
      readonly target: Target;
      readonly how: 'kill' | 'freeze' | 'disk-full';
      readonly downMs: number;
    }
  | { readonly kind: 'cluster'; readonly fault: ClusterFaultName; readonly downMs: number }
);
