import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { Decoder } from '../kafkajs-internals/protocol.ts';
import { ByteWriter } from '../produce/record-batch.ts';
import type { Answer, ScriptedBrokers, ScriptedPartition } from './scripted-answer.ts';
import { TOPIC_ANSWERS } from './scripted-topics.ts';

/** What a broker does with one request in place of answering it. */
export type Misbehaviour =
  /** Reads it and never answers, as a frozen broker does. */
  | 'silent'
  /** Executes it, and closes the connection before the answer. */
  | 'lost'
  /** Closes the connection at once. */
  | 'closes'
  /** Answers a produce request without naming any partition. */
  | 'unnamed'
  /** Answers with this error code of Kafka. */
  | number;

export interface ScriptedRequest {
  readonly nodeId: number;
  readonly apiKey: number;
  readonly version: number;
  /** The partitions of a produce request. */
  readonly partitions: readonly number[];
  readonly bytes: number;
}

/**
 * Brokers for tests: real sockets that speak the part of Kafka's protocol that this package uses, and misbehave as
 * scripted. Frames are decoded, so `log` contains what a client really sent.
 */
export class ScriptedCluster implements ScriptedBrokers {
  readonly partitions = new Map<string, ScriptedPartition[]>();
  /** Brokers that accept connections and requests but do not answer. */
  readonly frozen = new Set<number>();
  /** Called before each answer; undefined = answer normally. */
  script: (request: ScriptedRequest) => Misbehaviour | undefined = () => undefined;
  /** The brokers that are named as the partitions' leaders; by default the real ones. */
  told: (topic: string, partition: number) => { leader: number; epoch: number } | undefined = () => undefined;
  readonly requests: ScriptedRequest[] = [];
  readonly #answers: ReadonlyMap<number, { readonly versions: readonly [number, number]; readonly answer: Answer }>;
  readonly #servers: Server[] = [];
  readonly #sockets = new Map<number, Set<Socket>>();
  readonly #ports: number[] = [];

  constructor(
    answers: Iterable<
      readonly [number, { readonly versions: readonly [number, number]; readonly answer: Answer }]
    > = [],
  ) {
    this.#answers = new Map([...TOPIC_ANSWERS, ...answers]);
  }

  static async start(
    { brokers = 3, topics = {} }: { brokers?: number; topics?: Record<string, number> } = {},
    answers: ConstructorParameters<typeof ScriptedCluster>[0] = [],
  ): Promise<ScriptedCluster> {
    const cluster = new ScriptedCluster(answers);
    for (let nodeId = 0; nodeId < brokers; nodeId += 1) await cluster.#listen(nodeId);
    for (const [topic, partitions] of Object.entries(topics)) cluster.addTopic(topic, partitions);
    return cluster;
  }

  addTopic(topic: string, partitions: number): void {
    const brokers = this.#ports.length;
    const all = this.partitions.get(topic) ?? [];
    for (let n = all.length; n < partitions; n += 1)
      all.push({ leader: n % brokers, epoch: 0, batches: [], next: 0, start: 0 });
    this.partitions.set(topic, all);
  }

  get bootstrap(): string[] {
    return this.#ports.map((port) => `127.0.0.1:${port}`);
  }

  get ports(): readonly number[] {
    return this.#ports;
  }

  partition(topic: string, partition: number): ScriptedPartition {
    return this.partitions.get(topic)?.[partition] as ScriptedPartition;
  }

  moveLeader(topic: string, partition: number, leader: number): void {
    const state = this.partition(topic, partition);
    state.leader = leader;
    state.epoch += 1;
  }

  /** Closes a broker's connections and accepts no new ones. */
  async kill(nodeId: number): Promise<void> {
    const server = this.#servers[nodeId];
    const closed = new Promise((resolve) => server?.close(resolve));
    for (const socket of this.#sockets.get(nodeId) ?? []) socket.destroy();
    await closed;
  }

  async restart(nodeId: number): Promise<void> {
    await this.#listen(nodeId);
  }

  async stop(): Promise<void> {
    this.frozen.clear();
    for (let nodeId = 0; nodeId < this.#servers.length; nodeId += 1)
      if (this.#servers[nodeId]?.listening) await this.kill(nodeId);
  }

  get versions(): readonly (readonly [number, number, number])[] {
    return [...this.#answers].map(([apiKey, { versions }]) => [apiKey, ...versions] as const);
  }

  async #listen(nodeId: number): Promise<void> {
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
      socket.on('error', () => {});
      this.#serve(nodeId, socket);
    });
    await new Promise<void>((resolve) => server.listen(this.#ports[nodeId] ?? 0, '127.0.0.1', resolve));
    this.#servers[nodeId] = server;
    this.#sockets.set(nodeId, sockets);
    this.#ports[nodeId] = (server.address() as AddressInfo).port;
  }

  #serve(nodeId: number, socket: Socket): void {
    let held = Buffer.alloc(0);
    // Like a real broker, which answers the requests of one connection in turn.
    let turn = Promise.resolve();
    socket.on('data', (chunk) => {
      held = Buffer.concat([held, chunk]);
      while (held.length >= 4 && held.length >= 4 + held.readInt32BE(0)) {
        const frame = held.subarray(4, 4 + held.readInt32BE(0));
        held = held.subarray(4 + frame.length);
        turn = turn.then(() => this.#answer(nodeId, socket, frame));
      }
    });
  }

  async #answer(nodeId: number, socket: Socket, frame: Buffer): Promise<void> {
    const head = new Decoder(frame);
    const [apiKey, version, correlationId] = [head.readInt16(), head.readInt16(), head.readInt32()];
    head.readString();
    const known = this.#answers.get(apiKey);
    if (!known) throw new Error(`the scripted brokers do not support request ${apiKey}`);
    const body = head.readAll();
    if (this.frozen.has(nodeId)) return;
    const request = { nodeId, apiKey, version, partitions: partitionsIn(apiKey, version, body), bytes: body.length };
    this.requests.push(request);
    const does = this.script(request);
    if (does === 'silent') return;
    if (does === 'closes') return void socket.destroy();
    const to = new ByteWriter(1024);
    to.int32(correlationId);
    const error = typeof does === 'number' ? does : 0;
    await known.answer({
      cluster: this,
      nodeId,
      version,
      body: new Decoder(body),
      to,
      error,
      isUnnamed: does === 'unnamed',
    });
    if (does === 'lost') return void socket.destroy();
    if (this.frozen.has(nodeId) || socket.destroyed) return;
    const size = Buffer.alloc(4);
    size.writeInt32BE(to.length);
    socket.write(Buffer.concat([size, to.memory.subarray(0, to.length)]));
  }
}

const PRODUCE = 0;

/** The partition numbers of a produce request. */
function partitionsIn(apiKey: number, version: number, body: Buffer): number[] {
  if (apiKey !== PRODUCE) return [];
  const decoder = new Decoder(body);
  if (version >= 3) decoder.readString();
  decoder.readInt16();
  decoder.readInt32();
  const found = decoder.readArray((of) => {
    of.readString();
    return of.readArray((one) => {
      const partition = one.readInt32();
      one.readBytes();
      return partition;
    });
  });
  return found.flat();
}
