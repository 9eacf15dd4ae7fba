import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

export interface ServerBounds {
  /** The most open connections. */
  readonly maxConnections: number;
  /** The head of a request must arrive within this time, in ms. */
  readonly headersTimeoutMs: number;
  /** A whole request must arrive within this time, in ms. */
  readonly requestTimeoutMs: number;
  /** How long a connection may stay open between two requests, in ms. */
  readonly keepAliveMs: number;
}

/**
 * How often Node looks for requests that take too long, in ms. With Node's default of half a minute, each time-out
 * would be half a minute late.
 */
const CHECK_EVERY_MS = 1_000;

/**
 * An HTTP server that clients cannot bring down, whatever they send or leave out. `onError` gets everything that
 * `handle` throws, also for a request that is cut off. When connections are scarce, a client that only holds one open
 * loses it to the next client.
 */
export function boundedServer(
  bounds: ServerBounds,
  handle: (req: IncomingMessage, res: ServerResponse) => Promise<void> | void,
  onError: (error: unknown, req: IncomingMessage, res: ServerResponse) => void,
): Server {
  const waiting = new Set<Socket>();
  const server = createServer(
    {
      keepAliveTimeout: bounds.keepAliveMs,
      headersTimeout: bounds.headersTimeoutMs,
      requestTimeout: bounds.requestTimeoutMs,
      connectionsCheckingInterval: CHECK_EVERY_MS,
    },
    (req, res) => {
      const { socket } = req;
      waiting.delete(socket);
      res.once('close', () => {
        if (!socket.destroyed) waiting.add(socket);
      });
      try {
        handle(req, res)?.catch((error) => onError(error, req, res));
      } catch (error) {
        onError(error, req, res);
      }
    },
  );
  let open = 0;
  server.on('connection', (socket) => {
    open += 1;
    if (open > bounds.maxConnections) makeRoom(waiting, socket);
    waiting.add(socket);
    socket.once('close', () => {
      open -= 1;
      waiting.delete(socket);
    });
  });
  return server;
}

/**
 * Closes the connection that has waited longest for a (whole) request head, or the new one when all others have a
 * request.
 */
function makeRoom(waiting: ReadonlySet<Socket>, newcomer: Socket): void {
  const [longest = newcomer] = waiting;
  longest.destroy();
}

/**
 * Listens and returns the port. Rejects when the port is taken. `host` undefined = all addresses. `onError` gets later
 * failures, such as a connection that cannot be accepted; without a listener such a failure would end the process.
 */
export function listen(
  server: Server,
  { port, host, onError }: { port: number; host?: string | undefined; onError: (error: Error) => void },
): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, ...(host !== undefined && { host }) }, () => {
      server.off('error', reject);
      server.on('error', onError);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

/** Accepts no new connections, and lets requests that are under way finish. */
export function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });
}
