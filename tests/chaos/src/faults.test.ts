import { expect, it } from 'vitest';
import { ALL_CLUSTER_FAULTS } from './cluster-faults.ts';
import { planFaults } from './fault-plan.ts';
import { faultsWith } from './faults.ts';

const OPTIONS = { outageMs: 20_000, ledgerKills: 3 };
const named = (seed: number, brokers: number, rounds = 1) =>
  planFaults(seed, faultsWith(brokers), { ...OPTIONS, rounds });

it('plans every fault of a cluster once a round, and adds partitions once', () => {
  const names = named(1, 3, 2).flatMap((planned) => (planned.kind === 'cluster' ? [planned.fault] : []));
  const twice = ALL_CLUSTER_FAULTS.flatMap((name) => (name === 'partitions-added' ? [name] : [name, name]));
  expect(names.toSorted()).toEqual(twice.toSorted());
});

it('plans no fault of a single broker with several, and none of a cluster with one', () => {
  const kindsOf = (brokers: number) =>
    named(1, brokers).map((planned) => (planned.kind === 'process' ? planned.target : planned.kind));
  expect(kindsOf(3)).not.toContain('kafka');
  expect(kindsOf(1)).not.toContain('cluster');
  expect(kindsOf(1)).toContain('kafka');
});

it('repeats the choice of a seed, and chooses another order for another seed', () => {
  const order = (seed: number) => named(seed, 3).map(({ name }) => name);
  expect(order(7)).toEqual(order(7));
  expect(order(7)).not.toEqual(order(8));
});
