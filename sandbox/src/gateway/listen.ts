import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The gateway's port cannot be used; the message says why and what to do, in one sentence. */
export class PortUnavailable extends Error {
  override readonly name = 'PortUnavailable';

  constructor(port: number, code: 'EADDRINUSE' | 'EACCES') {
    const reason = code === 'EADDRINUSE' ? 'is taken by another program' : 'may not be used by this user';
    super(`Port ${port} ${reason}; choose another with PORT=<number>.`);
  }
}

export interface Listening {
  readonly port: number;
  /** Resolves when no client is connected any more. */
  stop(): Promise<void>;
}

/**
 * Listens on `host`, or on loopback without one: IPv4, and IPv6 if there is one, both on the same port. 0 = a free
 * port. Throws PortUnavailable.
 */
export async function listen(onRequest: RequestListener, port: number, host?: string): Promise<Listening> {
  const first = await listenOn(onRequest, port, host ?? '127.0.0.1');
  const { port: bound } = first.address() as AddressInfo;
  const servers = [first];
  const stop = async () => void (await Promise.all(servers.map(stopServer)));
  if (host) return { port: bound, stop };
  try {
    servers.push(await listenOn(onRequest, bound, '::1'));
  } catch (error) {
    // A machine without IPv6 is fine. Another program on that address would get half of the browser's requests.
    if (error instanceof PortUnavailable) {
      await stop();
      throw error;
    }
  }
  return { port: bound, stop };
}

function listenOn(onRequest: RequestListener, port: number, address: string): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer(onRequest);
    // A payment page keeps its connection while a shopper types, and a proxy in front closes it first.
    server.keepAliveTimeout = 65_000;
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(error.code === 'EADDRINUSE' || error.code === 'EACCES' ? new PortUnavailable(port, error.code) : error),
    );
    server.listen(port, address, () => resolve(server));
  });
}

function stopServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    // Event streams never end by themselves.
    server.closeAllConnections();
  });
}
