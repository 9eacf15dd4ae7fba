import type { Kafka } from '../client.ts';
import type { BrokerAddress, BrokerConnection } from '../kafkajs-internals/connection.ts';
import { firstOf } from './first-of.ts';

/** Asks any broker that answers, on a connection of its own that is kept for the next question. */
export class AnyBroker {
  readonly #kafka: Kafka;
  readonly #known: () => Iterable<BrokerAddress>;
  #connection: BrokerConnection | undefined;
  #answeredAt = Number.NEGATIVE_INFINITY;
  /** True between `start` and `stop`: a connection is kept. */
  #isRunning = false;

  /** `known` are the brokers that the cluster has named, in addition to the bootstrap addresses. */
  constructor(kafka: Kafka, known: () => Iterable<BrokerAddress>) {
    this.#kafka = kafka;
    this.#known = known;
  }

  /** ms since a broker last answered. */
  get silentMs(): number {
    return performance.now() - this.#answeredAt;
  }

  start(): void {
    this.#isRunning = true;
  }

  stop(): void {
    this.#isRunning = false;
    this.#connection?.close('stopped');
  }

  /**
   * Asks one broker after another, the next as soon as the one before fails or takes long. The first answer counts, and
   * its broker is asked first from then on. Throws the error of the last broker.
   */
  async ask<T>(ask: (connection: BrokerConnection) => Promise<T>): Promise<T> {
    const { connection, answer } = await firstOf(this.#candidates(), async (candidate, isTooLate) => {
      const connection = 'send' in candidate ? candidate : await this.#kafka.open(candidate);
      try {
        const answer = await ask(connection);
        if (isTooLate()) throw new Error('another broker answered');
        return { connection, answer };
      } catch (error) {
        connection.close('it did not answer first');
        throw error;
      }
    });
    if (connection !== this.#connection) this.#connection?.close('another broker answers');
    this.#connection = connection;
    if (!this.#isRunning) connection.close('stopped');
    this.#answeredAt = performance.now();
    return answer;
  }

  /** The broker that answered last, then the other known brokers, then the bootstrap addresses. */
  #candidates(): (BrokerConnection | BrokerAddress)[] {
    const seen = new Set<string>();
    const first = this.#connection?.isOpen ? [this.#connection] : [];
    const name = ({ host, port }: BrokerAddress) => `${host}:${port}`;
    for (const { address } of first) seen.add(name(address));
    const others = [...shuffled([...this.#known()]), ...shuffled(this.#kafka.bootstrap)].filter((address) => {
      if (seen.has(name(address))) return false;
      seen.add(name(address));
      return true;
    });
    return [...first, ...others];
  }
}

const shuffled = <T>(items: readonly T[]): T[] =>
  items
    .map((item) => ({ item, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
