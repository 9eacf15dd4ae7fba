import { type Random, randomOf } from '@connector/load-tests/random';
import { CLUSTER_FAULTS, type ClusterFaultName } from './cluster-faults.ts';
import { FAULTS, type FaultName, type Planned, type Side, type SingleFaultName, type Target } from './faults.ts';

/** The group removes a member after 10 s without a heartbeat. */
const GIVEN_UP_MS = 12_000;
/** Longer than a client waits for a broker's answer before it treats the connection as dead. */
const HALF_OPEN_MS = 8_000;
/** Longer than that, and longer than the controller waits before it removes a broker. */
const FENCED_MS = 12_000;

/**
 * The faults of a run with this seed, by time. `outageMs` is the duration of commercetools' outage; there are at most
 * three `ledgerKills`. A long run has several `rounds`: each temporary fault returns in every round.
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

/** What the faults of one round have in common. */
interface Round {
  readonly random: Random;
  readonly outageMs: number;
  readonly ledgerKills: number;
}

function planRound(
  seed: number,
  names: readonly FaultName[],
  { outageMs, ledgerKills }: Omit<Round, 'random'>,
): Planned[] {
  const round = { random: randomOf(seed, -1), outageMs, ledgerKills };
  const single = names.filter((name) => name in FAULTS) as SingleFaultName[];
  const ofCluster = names.filter((name) => name in CLUSTER_FAULTS) as ClusterFaultName[];
  const planned = single.flatMap((name) => PLAN[name](round).map((each) => ({ name, ...each }) as Planned));
  return [...planned, ...planCluster(round.random, ofCluster)].sort((a, b) => a.at - b.at);
}

type Unnamed<P> = P extends unknown ? Omit<P, 'name'> : never;
type PlannedOne = Unnamed<Planned>;

/** Near that share of the scenarios. */
const about = ({ random }: Round, at: number): number => Math.max(0, at + (random.next() - 0.5) * 0.06);

/** `ms` undefined: from the beginning to the end. */
const atSide =
  (side: Side, at: number, rules: readonly object[], msOf: (round: Round) => number | undefined = half) =>
  (round: Round): PlannedOne[] => {
    const ms = msOf(round);
    return [{ at: ms === undefined ? 0 : about(round, at), kind: 'side', side, rules, ms }];
  };

const half = ({ outageMs }: Round): number => outageMs / 2;
const whole = ({ outageMs }: Round): number => outageMs;
const throughout = (): undefined => undefined;

const atWebhooks =
  (at: number, settings: object) =>
  (round: Round): PlannedOne[] => [{ at: about(round, at), kind: 'webhooks', settings, ms: half(round) }];

const atProcess =
  (target: Target, at: number, how: 'kill' | 'freeze' | 'disk-full' = 'kill', ms?: number) =>
  (round: Round): PlannedOne[] => {
    const downMs = ms ?? round.random.between(500, 3_000);
    return [{ at: about(round, at), kind: 'process', target, how, downMs }];
  };

const RESETS = [
  { reset: true, rate: 0.05 },
  { reset: true, rate: 0.05, when: 'after' },
];
const STRIPE_ERRORS = [
  { status: 500, rate: 0.1 },
  { status: 429, rate: 0.05 },
];
const SLOW = [{ latencyMs: 300, jitterMs: 700 }];

/** When each fault comes in a round, as a share of the scenarios, and what it is. */
const PLAN: Record<SingleFaultName, (round: Round) => PlannedOne[]> = {
  webhooks: () => [
    { at: 0, kind: 'webhooks', settings: { shuffle: 2_000, duplicates: { min: 1, max: 3 } }, ms: undefined },
  ],
  'webhooks-late': atWebhooks(0.2, { jitterMs: 30_000 }),
  'clock-skew': atWebhooks(0.85, { clockSkewMs: -600_000 }),
  'ct-errors': atSide('commercetools', 0, [{ status: 503, rate: 0.2 }], throughout),
  'ct-down': atSide('commercetools', 0.5, [{ status: 503, match: '^(GET|POST|DELETE) ' }], whole),
  'ct-latency': atSide('commercetools', 0.25, SLOW),
  'ct-resets': atSide('commercetools', 0.4, RESETS),
  'ct-hangs': atSide('commercetools', 0.65, [{ hang: true, rate: 0.02 }]),
  'stripe-errors': atSide('stripe', 0.3, STRIPE_ERRORS),
  'stripe-latency': atSide('stripe', 0.7, SLOW),
  'stripe-resets': atSide('stripe', 0.55, RESETS),
  'ledger-kills': (round) =>
    [0.15, 0.45, 0.75].slice(0, round.ledgerKills).flatMap((at) => atProcess('ledger', at)(round)),
  'broker-kill': atProcess('kafka', 0.6),
  'ingest-kill': atProcess('webhook-ingest', 0.35),
  'ledger-freeze': atProcess('ledger', 0.3, 'freeze', GIVEN_UP_MS),
  'broker-freeze': atProcess('kafka', 0.1, 'freeze', HALF_OPEN_MS),
  'disk-full': atProcess('kafka', 0.85, 'disk-full'),
  'intent-kill': atProcess('intent', 0.8),
  'session-auth-kill': atProcess('session-auth', 0.9),
};

/** One after another, in an order of their own: two at once would be another fault, that of too few brokers. */
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
