import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** The two sockets of one connection through a link. */
interface Pair {
  readonly client: Socket;
  /** Undefined until the connection is passed on: while the link is cut, the other end does not learn of it. */
  broker: Socket | undefined;
}

/**
 * The network between a broker and its clients: a TCP proxy on its own port, which the broker tells its clients as its
 * address. Brokers reach each other without it.
 */
export class BrokerLink {
  readonly port: number;
  readonly #brokerPort: number;
  readonly #pairs = new Set<Pair>();
  #server: Server | undefined;
  #isCut = false;
  #delayMs = 0;

  constructor(port: number, brokerPort: number) {
    this.port = port;
    this.#brokerPort = brokerPort;
  }

  /** Accepts connections from now on. Throws NodeJS.ErrnoException (`EADDRINUSE`) when the port is taken. */
  async open(): Promise<void> {
    if (this.#server) return;
    const server = createServer((client) => this.#accept(client));
    this.#server = server;
    server.listen(this.port, '127.0.0.1');
    await once(server, 'listening');
  }

  /** Refuses connections from now on and drops the open ones, like a machine whose broker has stopped. */
  close(): void {
    this.#server?.close();
    this.#server = undefined;
    for (const pair of [...this.#pairs]) this.#drop(pair);
  }

  /**
   * From now on no byte passes in either direction, and no side notices: connections stay open, new ones get no answer.
   */
  cut(): void {
    this.#isCut = true;
    for (const { client, broker } of this.#pairs) for (const socket of [client, broker]) socket?.pause();
  }

  /** Bytes pass again; those that were sent meanwhile arrive now. */
  heal(): void {
    this.#isCut = false;
    for (const pair of this.#pairs) {
      if (!pair.broker) this.#passOn(pair);
      for (const socket of [pair.client, pair.broker]) socket?.resume();
    }
  }

  /** Delays every packet in each direction by this time, in ms; 0 = no delay. */
  slow(delayMs: number): void {
    this.#delayMs = delayMs;
  }

  #accept(client: Socket): void {
    const pair: Pair = { client, broker: undefined };
    this.#pairs.add(pair);
    client.setNoDelay(true);
    for (const event of ['close', 'error']) client.on(event, () => this.#drop(pair));
    if (this.#isCut) client.pause();
    else this.#passOn(pair);
  }

  #passOn(pair: Pair): void {
    const broker = connect({ port: this.#brokerPort, host: '127.0.0.1', noDelay: true });
    pair.broker = broker;
    for (const event of ['close', 'error']) broker.on(event, () => this.#drop(pair));
    this.#forward(pair.client, broker);
    this.#forward(broker, pair.client);
  }

  #forward(from: Socket, to: Socket): void {
    const waiting: { readonly chunk: Buffer; readonly due: number }[] = [];
    let isTimed = false;
    const write = (chunk: Buffer) => {
      if (to.destroyed || to.write(chunk)) return;
      from.pause();
      to.once('drain', () => {
        if (!this.#isCut) from.resume();
      });
    };
    const flush = () => {
      isTimed = false;
      while (waiting[0] && waiting[0].due <= performance.now()) write((waiting.shift() as { chunk: Buffer }).chunk);
      flushLater();
    };
    const flushLater = () => {
      if (isTimed || !waiting[0]) return;
      isTimed = true;
      setTimeout(flush, waiting[0].due - performance.now());
    };
    from.on('data', (chunk: Buffer) => {
      if (this.#delayMs === 0 && waiting.length === 0) return write(chunk);
      // No packet overtakes another when the delay has changed in between.
      const due = Math.max(waiting.at(-1)?.due ?? 0, performance.now() + this.#delayMs);
      waiting.push({ chunk, due });
      flushLater();
    });
  }

  #drop(pair: Pair): void {
    if (!this.#pairs.delete(pair)) return;
    pair.client.destroy();
    pair.broker?.destroy();
  }
}
