import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/**
 * Below the range from which systems take ports for outgoing connections, so that none takes it before its server listens. Stages of
 * `npm test` that run side by side have a part of it each, in FREE_PORTS, as their servers would meet for the same reason.
 */
const [FIRST = 20_000, LAST = 31_999] = process.env.FREE_PORTS?.split('-').map(Number) ?? [];

/** Handed out by this process; the server that got one may not listen yet. */
const taken = new Set<number>();

/** A port that nothing listens on and that was not handed out before. Throws when a hundred random ones are all taken. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const port = randomInt(FIRST, LAST + 1);
    if (taken.has(port)) continue;
    taken.add(port);
    if (await isFree(port)) return port;
  }
  throw new Error(`no free port found between ${FIRST} and ${LAST}`);
}

/** Asked for all addresses at once, as the services listen. */
const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, () => server.close(() => resolve(true)));
  });
