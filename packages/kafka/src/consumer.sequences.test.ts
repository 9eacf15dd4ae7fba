import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createConsumer } from './consumer.ts';
import type { Producer } from './producer.ts';
import { eventOf, kafkaOf } from './testing/environment.ts';
import { inParallel } from './testing/in-parallel.ts';
import { type Misbehaviour, ScriptedCluster } from './testing/scripted-cluster.ts';
import { CONSUMER_ANSWERS, groupOf, put } from './testing/scripted-groups.ts';

const TOPIC = 't';
const PARTITIONS = 6;
const BROKERS = 3;
/** `KAFKA_TEST_SEED=… npx vitest …` repeats the same sequences. */
const SEED = Number(process.env.KAFKA_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));
/** API keys: fetch, list offsets, commit, fetch offsets, find the coordinator, join, heartbeat, sync. */
const CONSUMER_REQUESTS = [1, 2, 8, 9, 10, 11, 12, 14];
/**
 * In ms. After the faults a consumer may have to wait for a session timeout, and for requests that get no answer, on a
 * busy machine.
 */
const BACK_WITHIN_MS = 60_000;
/** Parallel sequences: most of their time is waiting. */
const AT_ONCE = 20;

const broker = fc.nat(BROKERS - 1);
const partition = fc.nat(PARTITIONS - 1);
const of = <K extends string>(kind: K) => fc.constant(kind);
const steps = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ kind: of('put'), keys: fc.array(fc.nat(30), { minLength: 1, maxLength: 10 }) }),
    },
    { weight: 3, arbitrary: fc.record({ kind: of('move'), partition, to: broker }) },
    {
      weight: 4,
      // Long enough for a heartbeat that finds the group loading, and for the join that may follow.
      arbitrary: fc.record({ kind: of('move coordinator'), to: broker, loadingMs: fc.constantFrom(0, 250, 500) }),
    },
    { weight: 2, arbitrary: fc.record({ kind: of('rebalance') }) },
    { weight: 1, arbitrary: fc.record({ kind: of('forget the members') }) },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: of('misbehave'),
        apiKey: fc.constantFrom(...CONSUMER_REQUESTS),
        does: fc.constantFrom<Misbehaviour[]>('lost', 'closes', 6, 14, 15, 16, 22, 25, 27, -1),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: of('restart'), broker }) },
    { weight: 1, arbitrary: fc.record({ kind: of('second member') }) },
    { weight: 4, arbitrary: fc.record({ kind: of('pause'), ms: fc.integer({ min: 0, max: 250 }) }) },
  ),
  { minLength: 5, maxLength: 25 },
);
type Consumer = ReturnType<typeof createConsumer>;
type Step = typeof steps extends fc.Arbitrary<(infer S)[]> ? S : never;

interface Played {
  readonly missing: string[];
  readonly committedTooFar: string[];
  /** The state when something was missing, to find the reason. */
  readonly stuck?: string;
}

function standOf(cluster: ScriptedCluster, running: readonly Consumer[]): string {
  const { members, synced: _, ...group } = groupOf(cluster, 'g');
  const consumers = running.map((consumer) => ({ joined: consumer.joined, notReady: consumer.notReady?.() }));
  const requests = cluster.requests.slice(-20).map(({ nodeId, apiKey }) => `${apiKey} at ${nodeId}`);
  const stand = { now: performance.now(), ...group, members: [...members.values()], consumers, requests };
  return inspect(stand, { depth: 3 });
}

async function play(sequence: readonly Step[]): Promise<Played> {
  const cluster = await ScriptedCluster.start({ brokers: BROKERS, topics: { [TOPIC]: PARTITIONS } }, CONSUMER_ANSWERS);
  const group = groupOf(cluster, 'g');
  const next = new Map<number, Misbehaviour[]>();
  cluster.script = ({ apiKey }) => next.get(apiKey)?.shift();
  const handled = new Set<string>();
  const places = new Set<string>();
  const all: string[] = [];
  const start = async () => {
    const consumer = createConsumer(kafkaOf(cluster.bootstrap), {
      groupId: 'g',
      topic: TOPIC,
      deadLetterTopic: 'dlq',
      producer: {} as Producer,
      sessionTimeoutMs: 600,
      handle: async ({ value, partition: at, offset }) => {
        await sleep(1);
        handled.add(value.toString());
        places.add(`${at}:${offset}`);
        return [];
      },
    });
    await consumer.start?.();
    return consumer;
  };
  const putOne = (key: string) => {
    const event = eventOf(key, all.length);
    all.push(event.value.toString());
    put(cluster, TOPIC, event);
  };
  const running = [await start()];
  while (!running[0]?.joined) await sleep(10);
  for (const step of sequence) {
    if (step.kind === 'put') for (const key of step.keys) putOne(`k${key}`);
    else if (step.kind === 'move') cluster.moveLeader(TOPIC, step.partition, step.to);
    else if (step.kind === 'move coordinator') {
      Object.assign(group, { coordinator: step.to, isLoading: step.loadingMs > 0 });
      await sleep(step.loadingMs);
      group.isLoading = false;
    } else if (step.kind === 'rebalance') group.isRebalancing = group.members.size > 0;
    else if (step.kind === 'forget the members') group.members.clear();
    else if (step.kind === 'misbehave') next.set(step.apiKey, [...(next.get(step.apiKey) ?? []), step.does]);
    else if (step.kind === 'pause') await sleep(step.ms);
    else if (step.kind === 'second member') {
      if (running.length < 2) running.push(await start());
    } else {
      await cluster.kill(step.broker);
      await cluster.restart(step.broker);
    }
  }
  next.clear();
  for (let key = 0; key <= 30; key += 1) putOne(`after${key}`);
  const until = performance.now() + BACK_WITHIN_MS;
  const missing = () => all.filter((value) => !handled.has(value));
  while (missing().length > 0 && performance.now() < until) await sleep(20);
  const isDone = missing().length === 0;
  const stuck = isDone ? undefined : standOf(cluster, running);
  for (const consumer of running) await consumer.stop?.();
  const committedTooFar: string[] = [];
  for (const [at, { offset }] of group.committed)
    for (let place = 0n; place < offset; place += 1n)
      if (!places.has(`${at}:${place}`)) committedTooFar.push(`${at}:${place}`);
  await cluster.stop();
  return { missing: missing(), committedTooFar, ...(stuck && { stuck }) };
}

it(`handles everything in the end and commits nothing unfinished: 200 generated sequences (seed ${SEED})`, async () => {
  await inParallel(fc.sample(steps, { numRuns: 200, seed: SEED }), AT_ONCE, async (sequence, index) => {
    const found = await play(sequence);
    expect(found, `seed ${SEED}, sequence ${index}: ${JSON.stringify(sequence)}`).toEqual({
      missing: [],
      committedTooFar: [],
    });
  });
}, 300_000);
