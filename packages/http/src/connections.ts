import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

export interface ServerBounds {
  /** Connections at once. */
  readonly maxConnections: number;
  /** A request's head must have arrived within this, in ms. */
  readonly headersTimeoutMs: number;
  /** A whole request must have arrived within this, in ms. */
  readonly requestTimeoutMs: number;
  /** How long a connection may stay open between two requests, in ms. */
  readonly keepAliveMs: number;
}

/** How often Node looks for requests that take too long, in ms; its own half minute would be added to each bound. */
const CHECK_EVERY_MS = 1_000;

/**
 * An HTTP server that strangers can bring down neither by what they send nor by what they do not send: `onError` gets whatever `handle` throws,
 * a request that is cut off included, and a client that holds connections open makes room for the next one.
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

/** Ends the connection that has waited longest for a (whole) request head; the new one, when all others are at work. */
function makeRoom(waiting: ReadonlySet<Socket>, newcomer: Socket): void {
  const [longest = newcomer] = waiting;
  longest.destroy();
}

/**
 * Listens and answers the port; rejects when it is taken. `host` undefined = all addresses. `onError` gets what fails later, such as a connection
 * that cannot be accepted: without a listener that would end the process.
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

/** Takes no new connection, lets requests that are under way finish. */
export function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });
}
