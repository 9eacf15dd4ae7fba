import { type Random, randomOf } from '@connector/load-tests/random';
import { ALL_CLUSTER_FAULTS, CLUSTER_FAULTS, type ClusterFaultName } from './cluster-faults.ts';

/** What can go wrong, and in words. */
const FAULTS = {
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
type SingleFaultName = keyof typeof FAULTS;
export type FaultName = SingleFaultName | ClusterFaultName;

/** With several brokers each has faults of its own. */
const OF_THE_ONE_BROKER: readonly FaultName[] = ['broker-kill', 'broker-freeze', 'disk-full'];

/** Every fault that can come with this many brokers. */
export function faultsWith(brokers: number): FaultName[] {
  const all = Object.keys(FAULTS) as SingleFaultName[];
  if (brokers === 1) return all;
  return [...all.filter((name) => !OF_THE_ONE_BROKER.includes(name)), ...ALL_CLUSTER_FAULTS];
}

export const wordsOf = (name: FaultName): string => ({ ...FAULTS, ...CLUSTER_FAULTS })[name];

export type Side = 'commercetools' | 'stripe';
export type Target = 'ledger' | 'kafka' | 'webhook-ingest' | 'intent' | 'session-auth';

/** A fault that comes when this share of the scenarios has begun. */
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

/** Members of the ledger's group are given up after 10 s without a sign of life. */
const GIVEN_UP_MS = 12_000;
/** Longer than what a client waits for an answer of the broker's before it calls the connection dead. */
const HALF_OPEN_MS = 8_000;
/** Longer than that and than it takes the controller to give a broker up. */
const FENCED_MS = 12_000;

/**
 * The faults of a run with this seed, by their time. `outageMs` is how long commercetools is down; of `ledgerKills` there are three at most.
 * A long run has several `rounds`: in each, every fault that passes comes again.
 */
export function planFaults(
  seed: number,
  names: readonly FaultName[],
  { outageMs, ledgerKills, rounds = 1 }: { outageMs: number; ledgerKills: number; rounds?: number },
): Planned[] {
  const planned = Array.from({ length: rounds }, (_, round) =>
    planRound(seed + round, names, { outageMs, ledgerKills })
      .filter((each) => round === 0 || !isForGood(each))
      .map((each) => ({ ...each, at: (round + each.at) / rounds })),
  );
  return planned.flat().sort((a, b) => a.at - b.at);
}

const isForGood = (planned: Planned): boolean =>
  planned.kind === 'cluster'
    ? planned.fault === 'partitions-added'
    : planned.kind !== 'process' && planned.ms === undefined;

function planRound(
  seed: number,
  names: readonly FaultName[],
  { outageMs, ledgerKills }: { outageMs: number; ledgerKills: number },
): Planned[] {
  const random = randomOf(seed, -1);
  const about = (at: number) => Math.max(0, at + (random.next() - 0.5) * 0.06);
  const window = (
    name: FaultName,
    side: Side,
    at: number,
    ms: number | undefined,
    rules: readonly object[],
  ): Planned => ({
    name,
    at: ms === undefined ? 0 : about(at),
    kind: 'side',
    side,
    rules,
    ms,
  });
  const hit = (
    name: FaultName,
    target: Target,
    at: number,
    how: 'kill' | 'freeze' | 'disk-full' = 'kill',
    downMs = random.between(500, 3_000),
  ): Planned => ({
    name,
    at: about(at),
    kind: 'process',
    target,
    how,
    downMs,
  });
  const some = outageMs / 2;
  const resets = [
    { reset: true, rate: 0.05 },
    { reset: true, rate: 0.05, when: 'after' },
  ];
  const plan: Record<SingleFaultName, () => Planned[]> = {
    webhooks: () => [
      {
        name: 'webhooks',
        at: 0,
        kind: 'webhooks',
        settings: { shuffle: 2_000, duplicates: { min: 1, max: 3 } },
        ms: undefined,
      },
    ],
    'webhooks-late': () => [
      { name: 'webhooks-late', at: about(0.2), kind: 'webhooks', settings: { jitterMs: 30_000 }, ms: some },
    ],
    'clock-skew': () => [
      { name: 'clock-skew', at: about(0.85), kind: 'webhooks', settings: { clockSkewMs: -600_000 }, ms: some },
    ],
    'ct-errors': () => [window('ct-errors', 'commercetools', 0, undefined, [{ status: 503, rate: 0.2 }])],
    'ct-down': () => [
      window('ct-down', 'commercetools', 0.5, outageMs, [{ status: 503, match: '^(GET|POST|DELETE) ' }]),
    ],
    'ct-latency': () => [window('ct-latency', 'commercetools', 0.25, some, [{ latencyMs: 300, jitterMs: 700 }])],
    'ct-resets': () => [window('ct-resets', 'commercetools', 0.4, some, resets)],
    'ct-hangs': () => [window('ct-hangs', 'commercetools', 0.65, some, [{ hang: true, rate: 0.02 }])],
    'stripe-errors': () => [
      window('stripe-errors', 'stripe', 0.3, some, [
        { status: 500, rate: 0.1 },
        { status: 429, rate: 0.05 },
      ]),
    ],
    'stripe-latency': () => [window('stripe-latency', 'stripe', 0.7, some, [{ latencyMs: 300, jitterMs: 700 }])],
    'stripe-resets': () => [window('stripe-resets', 'stripe', 0.55, some, resets)],
    'ledger-kills': () => [0.15, 0.45, 0.75].slice(0, ledgerKills).map((at) => hit('ledger-kills', 'ledger', at)),
    'broker-kill': () => [hit('broker-kill', 'kafka', 0.6)],
    'ingest-kill': () => [hit('ingest-kill', 'webhook-ingest', 0.35)],
    'ledger-freeze': () => [hit('ledger-freeze', 'ledger', 0.3, 'freeze', GIVEN_UP_MS)],
    'broker-freeze': () => [hit('broker-freeze', 'kafka', 0.1, 'freeze', HALF_OPEN_MS)],
    'disk-full': () => [hit('disk-full', 'kafka', 0.85, 'disk-full')],
    'intent-kill': () => [hit('intent-kill', 'intent', 0.8)],
    'session-auth-kill': () => [hit('session-auth-kill', 'session-auth', 0.9)],
  };
  const single = names.filter((name) => name in FAULTS) as SingleFaultName[];
  const ofCluster = names.filter((name) => name in CLUSTER_FAULTS) as ClusterFaultName[];
  return [...single.flatMap((name) => plan[name]()), ...planCluster(random, ofCluster)].sort((a, b) => a.at - b.at);
}

/** In an order of their own, one after the other: two at once would be another fault, that of too few brokers. */
function planCluster(random: Random, names: readonly ClusterFaultName[]): Planned[] {
  const shuffled = names
    .map((name) => ({ name, place: random.next() }))
    .sort((a, b) => a.place - b.place)
    .map(({ name }) => name);
  return shuffled.map((name, index) => {
    const isSilent = name.endsWith('-freeze') || name === 'broker-cut' || name === 'broker-slow';
    const downMs = isSilent ? FENCED_MS : random.between(1_000, 6_000);
    return { name, at: (index + 0.5) / names.length, kind: 'cluster', fault: name, downMs };
  });
}
