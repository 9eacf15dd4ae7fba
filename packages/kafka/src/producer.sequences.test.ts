import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { partitionOf } from './produce/partitioner.ts';
import { createProducer } from './producer.ts';
import { eventOf, kafkaOf } from './testing/environment.ts';
import { inParallel } from './testing/in-parallel.ts';
import { type Misbehaviour, ScriptedCluster } from './testing/scripted-cluster.ts';
import { valuesIn } from './testing/scripted-topics.ts';

const TOPIC = 't';
const PARTITIONS = 6;
const BROKERS = 3;
const PRODUCE = 0;
/** Parallel sequences: most of their time is waiting. */
const AT_ONCE = 25;
/** In ms; far longer than any sequence takes on an idle machine. */
const DEADLINE_MS = 60_000;
/** `KAFKA_TEST_SEED=… npx vitest …` repeats the same sequences. */
const SEED = Number(process.env.KAFKA_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));

type Step =
  | { readonly kind: 'send'; readonly keys: readonly number[] }
  | { readonly kind: 'move'; readonly partition: number; readonly to: number }
  | { readonly kind: 'misbehave'; readonly broker: number; readonly does: Misbehaviour }
  | { readonly kind: 'old news'; readonly partition: number }
  | { readonly kind: 'freeze' | 'thaw'; readonly broker: number }
  | { readonly kind: 'restart'; readonly broker: number }
  | { readonly kind: 'pause'; readonly ms: number };

const range = (n: number) => [...Array(n).keys()];
const broker = fc.nat(BROKERS - 1);
const partition = fc.nat(PARTITIONS - 1);
const send = fc.record({
  kind: fc.constant('send' as const),
  keys: fc.array(fc.nat(30), { minLength: 1, maxLength: 20 }),
});
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: send },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('move' as const), partition, to: broker }) },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant('misbehave' as const),
        broker,
        does: fc.constantFrom<Misbehaviour[]>('silent', 'lost', 'closes', 'unnamed', 3, 5, 6, 7, 19, 20, -1),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('old news' as const), partition }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('freeze' as const, 'thaw' as const), broker }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const), broker }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('pause' as const), ms: fc.integer({ min: 0, max: 60 }) }) },
  ),
  { minLength: 5, maxLength: 30 },
);

/** One run: the sent records and their results. */
interface Run {
  readonly acknowledged: Set<string>;
  readonly refused: Set<string>;
}

async function during(
  cluster: ScriptedCluster,
  act: (send: (key: string) => Promise<unknown>) => Promise<void>,
): Promise<Run> {
  const producer = createProducer(kafkaOf(cluster.bootstrap), {
    deadlineMs: DEADLINE_MS,
    // In ms. A silent broker is noticed soon, and a slow one is still waited for.
    requestTimeoutMs: { first: 150, repeated: 1_500 },
  });
  const run: Run = { acknowledged: new Set(), refused: new Set() };
  const numbers = new Map<string, number>();
  const sends: Promise<unknown>[] = [];
  const sendOne = (key: string) => {
    const n = numbers.get(key) ?? 0;
    numbers.set(key, n + 1);
    const id = `${key} ${n}`;
    const sent = producer.send(TOPIC, eventOf(key, n)).then(
      () => run.acknowledged.add(id),
      () => run.refused.add(id),
    );
    sends.push(sent);
    return sent;
  };
  await producer.start?.();
  await act(sendOne);
  await Promise.all(sends);
  await producer.stop?.();
  return run;
}

/** The records in the topic, and the keys whose first copies are not in the order of sending. */
async function look(cluster: ScriptedCluster) {
  const values = new Set<string>();
  const disordered = new Set<string>();
  const last = new Map<string, number>();
  for (let at = 0; at < PARTITIONS; at += 1) {
    for (const value of await valuesIn(cluster, TOPIC, at)) {
      const [key = '', n] = value.split(' ');
      if (!values.has(value) && Number(n) < (last.get(key) ?? -1)) disordered.add(key);
      values.add(value);
      last.set(key, Math.max(Number(n), last.get(key) ?? -1));
      if (partitionOf(key, PARTITIONS) !== at) disordered.add(`${key} in ${at}`);
    }
  }
  return { values, disordered };
}

async function play(sequence: readonly Step[]): Promise<{ lost: string[]; disordered: string[]; stuck: string[] }> {
  const cluster = await ScriptedCluster.start({ brokers: BROKERS, topics: { [TOPIC]: PARTITIONS } });
  const next = new Map<number, Misbehaviour[]>();
  cluster.script = ({ apiKey, nodeId }) => (apiKey === PRODUCE ? next.get(nodeId)?.shift() : undefined);
  const stuck: string[] = [];
  const run = await during(cluster, async (sendOne) => {
    for (const step of sequence) {
      if (step.kind === 'send') for (const key of step.keys) sendOne(`k${key}`);
      else if (step.kind === 'move') cluster.moveLeader(TOPIC, step.partition, step.to);
      else if (step.kind === 'misbehave') next.set(step.broker, [...(next.get(step.broker) ?? []), step.does]);
      else if (step.kind === 'freeze') cluster.frozen.add(step.broker);
      else if (step.kind === 'thaw') cluster.frozen.delete(step.broker);
      else if (step.kind === 'pause') await sleep(step.ms);
      else if (step.kind === 'restart') {
        await cluster.kill(step.broker);
        await cluster.restart(step.broker);
      } else if (step.kind === 'old news') {
        const { leader, epoch } = cluster.partition(TOPIC, step.partition);
        let times = 2;
        cluster.told = (_topic, of) => (of === step.partition && times-- > 0 ? { leader, epoch } : undefined);
      }
    }
    // The faults are over: every further record must be accepted.
    cluster.frozen.clear();
    next.clear();
    for (let key = 0; key <= 30; key += 1) sendOne(`after${key}`);
  });
  const { values, disordered } = await look(cluster);
  for (const id of run.refused) if (id.startsWith('after')) stuck.push(id);
  await cluster.stop();
  return { lost: [...run.acknowledged].filter((id) => !values.has(id)), disordered: [...disordered], stuck };
}

it.concurrent(`writes what it acknowledges, in order within a key, and recovers: 300 generated sequences of faults (seed ${SEED})`, async () => {
  const sequences = fc.sample(steps, { numRuns: 300, seed: SEED });
  await inParallel(sequences, AT_ONCE, async (sequence, index) => {
    const found = await play(sequence);
    expect(found, `seed ${SEED}, sequence ${index}: ${JSON.stringify(sequence)}`).toEqual({
      lost: [],
      disordered: [],
      stuck: [],
    });
  });
}, 300_000);

it.concurrent(`loses nothing in the leader moves of 1,000 rolling restarts (seed ${SEED})`, async () => {
  const CLUSTERS = AT_ONCE;
  const RESTARTS = 40;
  const random = fc.sample(fc.nat(BROKERS - 2), { numRuns: 997, seed: SEED });
  let [acknowledged, lost, refused, moves] = [0, 0, 0, 0];
  await inParallel(range(CLUSTERS), AT_ONCE, async (which) => {
    const cluster = await ScriptedCluster.start({ brokers: BROKERS, topics: { [TOPIC]: PARTITIONS } });
    const run = await during(cluster, async (sendOne) => {
      let before: Promise<unknown> | undefined;
      for (let round = 0; round < RESTARTS * BROKERS; round += 1) {
        const leaving = round % BROKERS;
        const sends = range(10).map((key) => sendOne(`k${key}`));
        // In the same turn, so that open requests find the leaders moved in the middle of a batch.
        for (let at = 0; at < PARTITIONS; at += 1) {
          if (cluster.partition(TOPIC, at).leader !== leaving) continue;
          const other = random[(which * 31 + round * 7 + at) % random.length] as number;
          cluster.moveLeader(TOPIC, at, (leaving + 1 + other) % BROKERS);
          moves += 1;
        }
        sends.push(...range(10).map((key) => sendOne(`k${key}`)));
        await Promise.all([sleep(150), before]);
        // A machine that is too busy for this pace does not get ever more work.
        before = Promise.all(sends);
      }
    });
    const { values } = await look(cluster);
    acknowledged += run.acknowledged.size;
    refused += run.refused.size;
    lost += [...run.acknowledged].filter((id) => !values.has(id)).length;
    await cluster.stop();
  });
  expect({ lost, refused }).toEqual({ lost: 0, refused: 0 });
  expect(acknowledged).toBe(CLUSTERS * RESTARTS * BROKERS * 20);
  expect(moves).toBeGreaterThan(CLUSTERS * RESTARTS * PARTITIONS);
}, 300_000);
